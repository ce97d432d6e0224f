#!/bin/bash -p
# nf-escrow-shim-1: replaces nextflow on PATH. Runs receive their secrets. Other commands are passed to nextflow unchanged.
exec @COMMAND@ nextflow "$@"
