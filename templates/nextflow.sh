#!/bin/sh
# nf-escrow-shim-1: replaces nextflow on PATH. Runs receive their secrets; everything else works as before.
exec @NODE@ @PROGRAM@ nextflow "$@"
