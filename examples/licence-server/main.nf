// As in modules/nf-core/sentieon: the licence is encoded with base64.
process WITH_BASE64 {
  secret 'SENTIEON_LICENSE_BASE64'

  output:
  stdout

  script:
  """
  export SENTIEON_LICENSE=\$(echo -e "\$SENTIEON_LICENSE_BASE64" | base64 -d)
  licensed-tool
  """
}

process WITHOUT_BASE64 {
  secret 'SENTIEON_LICENSE'

  output:
  stdout

  script:
  """
  licensed-tool
  """
}

workflow {
  WITH_BASE64() | mix(WITHOUT_BASE64()) | view { text -> text.trim() }
}
