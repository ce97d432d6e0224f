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
 * Returns a package of the AWS SDK and loads it on first use, since most daemons never need it. Not with `import()`:
 * if node_modules contains symbolic links (pnpm, npm link) and several of these CommonJS packages are imported
 * concurrently, as after a restart, Node 20 may return one without its named exports until the process ends
 * ("SecretsManagerClient is not a constructor"). The daemon could then remove nothing on AWS.
 */
export function sdk<Name extends keyof Parts>(name: Name): Parts[Name] {
  return require(name) as Parts[Name];
}
