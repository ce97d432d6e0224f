/** Errors of finding a workspace. */
export const WORKSPACE = ['workspace-not-found', 'organization-not-found'] as const;

/** Errors of using the key of the vault. */
export const VAULT_KEY = [
  'vault-locked',
  'vault-key-missing',
  'vault-key-mismatch',
  'vault-key-command-failed',
  'vault-kms-failed',
  'vault-key-file-unusable',
  'permissions-too-open',
  'path-conflict',
] as const;

/** Errors of requests to AWS. */
export const AWS = [
  'aws-credentials',
  'aws-clock',
  'aws-denied',
  'aws-rejected',
  'store-unavailable',
] as const;

/** Errors of a team server, for a run with secrets of its workspace. */
const TEAM_SERVER = [
  'workspace-ambiguous',
  'server-not-stored',
  'server-unreachable',
  'server-certificate-invalid',
  'unauthenticated',
  'too-many-requests',
  'not-ready',
  'secret-changed',
  'release-conflict',
  'release-invalid',
] as const;

/** Errors of planning a run and delivering its secrets. */
export const CREATE_RUN = [
  'request-unprocessable',
  'not-permitted',
  'run-not-found',
  'workspace-not-found',
  'workspace-personal',
  'compute-environment-not-found',
  'compute-environment-invalid',
  'secret-not-available',
  'secret-not-found',
  'secret-corrupt',
  'name-invalid',
  'value-not-deliverable',
  ...VAULT_KEY,
  'writable-by-others',
  'config-invalid',
  'local-store-unreadable',
  'plugin-unusable',
  'nextflow-missing',
  'state-conflict',
  ...AWS,
  ...TEAM_SERVER,
] as const;
