include { FETCH_AND_REPORT } from '../subworkflows/local/fetch_and_report'

workflow SAMPLES {
  take:
  input

  main:
  samples = Channel.fromPath(input).splitCsv(header: true).map { row -> tuple([id: row.sample], row.url) }
  FETCH_AND_REPORT(samples)
  FETCH_AND_REPORT.out.report.view { path -> path.text.trim() }
}
