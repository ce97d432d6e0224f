#!/bin/bash -p
# nf-escrow-shim-1: replaces nextflow on PATH. Runs receive their secrets; everything else works as before.
exec @COMMAND@ nextflow "$@"
