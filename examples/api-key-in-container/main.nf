process CALL_API {
  secret 'API_KEY'

  output:
  stdout

  script:
  """
  echo "an API key of \${#API_KEY} characters in a container"
  """
}

workflow {
  CALL_API() | view { text -> text.trim() }
}
