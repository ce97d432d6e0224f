/** Errors of finding a workspace. */
export const WORKSPACE = ['workspace-not-found', 'organization-not-found'] as const;

/** Errors of using the key of the vault. */
export const VAULT_KEY = [
  'vault-locked',
  'vault-key-missing',
  'vault-key-mismatch',
  'vault-key-command-failed',
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
