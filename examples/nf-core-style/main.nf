#!/usr/bin/env nextflow

include { SAMPLES } from './workflows/samples'

workflow {
  SAMPLES(params.input)
}
