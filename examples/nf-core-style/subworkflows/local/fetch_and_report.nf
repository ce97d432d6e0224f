include { FETCH  } from '../../modules/local/fetch/main'
include { REPORT } from '../../modules/local/report/main'

workflow FETCH_AND_REPORT {
  take:
  samples

  main:
  FETCH(samples)
  REPORT(FETCH.out.data.map { meta, path -> path }.collect(sort: { path -> path.name }))

  emit:
  report = REPORT.out.report
}
