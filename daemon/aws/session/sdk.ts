/** Packages of the AWS SDK. Each is imported through a file that re-exports the used parts, so that only these are bundled. */
const parts = {
  '@aws-sdk/client-batch': () => import('./sdk/client-batch.ts'),
  '@aws-sdk/client-iam': () => import('./sdk/client-iam.ts'),
  '@aws-sdk/client-kms': () => import('./sdk/client-kms.ts'),
  '@aws-sdk/client-scheduler': () => import('./sdk/client-scheduler.ts'),
  '@aws-sdk/client-secrets-manager': () => import('./sdk/client-secrets-manager.ts'),
  '@aws-sdk/client-sts': () => import('./sdk/client-sts.ts'),
  '@aws-sdk/credential-provider-ini': () => import('./sdk/credential-provider-ini.ts'),
  '@aws-sdk/credential-provider-node': () => import('./sdk/credential-provider-node.ts'),
};

type Parts = typeof parts;

/** Loads a package of the AWS SDK on first use, since most daemons never need it. */
export function sdk<Name extends keyof Parts>(name: Name): ReturnType<Parts[Name]> {
  return parts[name]() as ReturnType<Parts[Name]>;
}
