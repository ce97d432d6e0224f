process WORK {
  output:
  stdout

  script:
  """
  echo done
  """
}

workflow {
  def url = secrets.WEBHOOK_URL

  WORK() | view { text -> text.trim() }

  workflow.onComplete = {
    def connection = new URI(url).toURL().openConnection()
    connection.requestMethod = 'POST'
    connection.doOutput = true
    connection.setRequestProperty('Content-Type', 'application/json')
    connection.outputStream.withWriter { out ->
      out << groovy.json.JsonOutput.toJson([run: workflow.runName, success: workflow.success])
    }
    log.info "the webhook answered ${connection.responseCode}"
  }
}
