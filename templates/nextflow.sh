#!/bin/sh
# nf-escrow-shim-1: stands for nextflow on PATH. Runs get their secrets, and nothing else changes.
exec @NODE@ @PROGRAM@ nextflow "$@"
