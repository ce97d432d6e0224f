import { createRequire } from 'node:module';

interface Parts {
  '@aws-sdk/client-batch': typeof import('@aws-sdk/client-batch');
  '@aws-sdk/client-iam': typeof import('@aws-sdk/client-iam');
  '@aws-sdk/client-scheduler': typeof import('@aws-sdk/client-scheduler');
  '@aws-sdk/client-secrets-manager': typeof import('@aws-sdk/client-secrets-manager');
  '@aws-sdk/client-sts': typeof import('@aws-sdk/client-sts');
  '@aws-sdk/credential-provider-ini': typeof import('@aws-sdk/credential-provider-ini');
  '@aws-sdk/credential-provider-node': typeof import('@aws-sdk/credential-provider-node');
}

const require = createRequire(import.meta.url);

/**
 * A part of the AWS SDK, loaded when it is first asked for: most daemons never are. Not by `import()`: where node_modules
 * has symbolic links (pnpm, npm link), Node 20 may hand out one of these CommonJS packages without its names for as long
 * as the process lives, when several are imported at once, as after a restart ("SecretsManagerClient is not a
 * constructor"); and nothing on AWS could be removed.
 */
export function sdk<Name extends keyof Parts>(name: Name): Parts[Name] {
  return require(name) as Parts[Name];
}
