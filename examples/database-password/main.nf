params.host = '127.0.0.1'
params.port = 5432
params.user = 'reader'
params.database = 'postgres'

process COUNT {
  secret 'DB_PASSWORD'

  output:
  stdout

  script:
  """
  export PGPASSWORD="\$DB_PASSWORD"
  psql --no-psqlrc --tuples-only --no-align --host '${params.host}' --port ${params.port} \
    --username '${params.user}' --dbname '${params.database}' --command 'SELECT count(*) FROM samples'
  """
}

workflow {
  COUNT() | view { count -> "${count.trim()} samples" }
}
