process AUTHENTICATE {
  secret 'SERVICE_ACCOUNT'

  output:
  stdout

  script:
  """
  umask 077
  key=\$(mktemp)
  trap 'rm -f "\$key"' EXIT
  printf %s "\$SERVICE_ACCOUNT" >"\$key"
  export GOOGLE_APPLICATION_CREDENTIALS="\$key"
  python3 -c 'import json, os; print(json.load(open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]))["client_email"])'
  """
}

workflow {
  AUTHENTICATE() | view { email -> "authenticated as ${email.trim()}" }
}
