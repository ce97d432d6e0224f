process QUERY {
  secret 'DB_PASSWORD'

  output:
  stdout

  script:
  """
  echo "a password of \${#DB_PASSWORD} characters"
  """
}

workflow {
  QUERY() | view { text -> text.trim() }
}
