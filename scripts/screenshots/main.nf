// The pipeline of the screenshots. It has the shape of an RNA-seq pipeline, and its tasks only wait.
params.input = 'samples.csv'
params.hold = false
params.fail = ''
params.verbose = false

process FETCH_REFERENCE {
  secret 'REFERENCE_TOKEN'

  output:
  path 'genome.fa'

  script:
  """
  sleep 1
  echo '>chr1' > genome.fa
  """
}

process FASTQC {
  tag "$sample"

  input:
  val sample

  output:
  val sample

  script:
  """
  sleep 0.3
  """
}

process ALIGN {
  tag "$sample"

  input:
  val sample
  path genome

  output:
  path '*.bam'

  script:
  """
  while [ $params.hold = true ] && [ ! -e '$launchDir/go' ]; do sleep 0.2; done
  [ '$sample' != '$params.fail' ] || exit 137
  sleep 0.3
  touch ${sample}.bam
  """
}

process COUNT {
  input:
  path bams

  output:
  path 'counts.tsv'

  script:
  """
  sleep 0.3
  touch counts.tsv
  """
}

process STORE_RESULTS {
  secret 'DB_PASSWORD'

  input:
  path counts

  script:
  """
  ${params.verbose ? 'echo "postgres://results:$DB_PASSWORD@db/rnaseq"' : 'sleep 0.3'}
  """
}

workflow {
  samples = Channel.fromPath(params.input).splitCsv(header: true).map { it.sample }
  FETCH_REFERENCE()
  FASTQC(samples)
  ALIGN(FASTQC.out, FETCH_REFERENCE.out.first())
  COUNT(ALIGN.out.collect()) | STORE_RESULTS
}
