workflow {
  // Shows that Nextflow has the password, without printing it.
  def password = workflow.session.config.azure.registry.password
  log.info "the password of the registry has ${password.length()} characters"
}
