process FETCH {
  tag "${meta.id}"

  secret 'DATA_TOKEN'

  input:
  tuple val(meta), val(url)

  output:
  tuple val(meta), path('*.txt'), emit: data

  script:
  """
  # In place of: curl --fail --header @<(printf 'Authorization: Bearer %s' "\$DATA_TOKEN") '${url}'
  echo "${meta.id}: token of \${#DATA_TOKEN} characters for ${url}" >${meta.id}.txt
  """
}
