import type { BatchClient } from '@aws-sdk/client-batch';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentials } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { AwsAccess } from './access.ts';
import { asAwsError } from './aws-error.ts';
import { resolveCredentials, type ProvidedCredentials } from './credentials.ts';
import { assertEncrypted, destinationOf, encryptedTransport } from './encrypted-transport.ts';
import { measured } from './measured.ts';
import { sdk } from './sdk.ts';

/** Access to AWS for one attempt, with credentials that are resolved for this attempt and never reused. */
export interface AwsSession {
  readonly access: AwsAccess;
  secretsManager(): Promise<SecretsManagerClient>;
  /** The client retries; `maxAttempts` of 1 turns this off. */
  batch(maxAttempts?: number): Promise<BatchClient>;
  iam(): Promise<IAMClient>;
  eventScheduler(): Promise<SchedulerClient>;
  /** The caller identity that AWS reports. */
  readonly identity: { readonly account: string; readonly arn: string };
}

/** Opens a session: resolves credentials and asks AWS for their identity. */
export type OpenSession = (access: AwsAccess, provided?: ProvidedCredentials) => Promise<AwsSession>;

/**
 * Opens a session with the resolved credentials, or with the provided ones if those fail. Throws `aws-credentials`,
 * `store-unavailable`, and `compute-environment-invalid` if the credentials belong to another account: there, a missing
 * object would be mistaken for a deleted one.
 */
export const openSession: OpenSession = async (access, provided) => {
  const own = await attempt(access, async () => resolveCredentials(access)).catch((error: unknown) => error);
  const borrowed = provided?.of(access.account);
  if (own instanceof Error) {
    if (borrowed === undefined) throw own;
    return identifiedWithProvided(access, borrowed);
  }
  if (borrowed === undefined) return identified(access, await assumed(access, own as AwsCredentials));
  try {
    return await identified(access, await assumed(access, own as AwsCredentials));
  } catch {
    return identifiedWithProvided(access, borrowed); // the daemon's own credentials have expired
  }
};

async function attempt<T>(access: AwsAccess, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asAwsError(`Cannot connect to AWS in ${access.region}`, access, error);
  }
}

/** Returns fresh credentials of a compute environment with their expiry. Throws as openSession does. */
export async function fetchCredentials(access: AwsAccess): Promise<AwsCredentials & { expiration?: Date }> {
  return assumed(access, await attempt(access, async () => resolveCredentials(access)));
}

async function assumed(
  access: AwsAccess,
  base: AwsCredentials & { expiration?: Date },
): Promise<AwsCredentials & { expiration?: Date }> {
  if (access.role === null) return base;
  const { AssumeRoleCommand } = await sdk('@aws-sdk/client-sts');
  const sts = await stsClient(access, base);
  const input = {
    RoleArn: access.role,
    RoleSessionName: 'nf-escrow',
    ...(access.externalId === null ? {} : { ExternalId: access.externalId }),
  };
  const { Credentials } = await attempt(access, () => sts.send(new AssumeRoleCommand(input)));
  sts.destroy();
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
    ...(Credentials?.Expiration === undefined ? {} : { expiration: Credentials.Expiration }),
  };
}

/**
 * Stores credentials for removals after AWS has confirmed that they belong to the account. Throws as openSession
 * does.
 */
export async function provideCredentials(
  access: AwsAccess,
  provided: ProvidedCredentials,
  credentials: AwsCredentials,
): Promise<void> {
  await identifiedWithProvided(access, credentials);
  provided.set(access.account, credentials);
}

/** Provided credentials may be the ones that assume the role, or may belong to the account already. */
async function identifiedWithProvided(access: AwsAccess, credentials: AwsCredentials): Promise<AwsSession> {
  if (access.role === null) return identified(access, credentials);
  let refused: unknown;
  try {
    return await identified(access, await assumed(access, credentials));
  } catch (error) {
    refused = error;
  }
  return identified(access, credentials).catch(() => {
    throw refused;
  });
}

async function identified(access: AwsAccess, credentials: AwsCredentials): Promise<AwsSession> {
  const { GetCallerIdentityCommand } = await sdk('@aws-sdk/client-sts');
  const sts = await stsClient(access, credentials);
  const { Account: account = '', Arn: arn = '' } = await attempt(access, () =>
    sts.send(new GetCallerIdentityCommand()),
  );
  sts.destroy();
  if (account !== access.account)
    throw new EscrowError(
      'compute-environment-invalid',
      `Cannot use credentials of ${arn}: they belong to account ${account}, but the execution role is in ${access.account}.`,
      {
        hint: `Set credentials of account ${access.account} with --profile, or a role in it with --assume-role.`,
      },
    );
  return { access, identity: { account, arn }, ...clientsFor(access, credentials) };
}

/**
 * Returns the clients of one session. A configured endpoint is used unchanged; the FIPS setting does not apply to it.
 */
export function clientsFor(
  access: AwsAccess,
  credentials: AwsCredentials,
): Omit<AwsSession, 'access' | 'identity'> {
  // Each client has its own connections, which close with it. Callers retry, because they know what is idempotent.
  const config = async () => ({ ...(await basicConfig(access, credentials)), maxAttempts: 1 });
  const named = access.endpoint === null ? {} : { endpoint: access.endpoint, useFipsEndpoint: false };
  return {
    secretsManager: async () => {
      const { SecretsManagerClient } = await sdk('@aws-sdk/client-secrets-manager');
      return measured(new SecretsManagerClient({ ...(await config()), ...named }));
    },
    batch: async (maxAttempts = 4) => {
      const { BatchClient } = await sdk('@aws-sdk/client-batch');
      return measured(new BatchClient({ ...(await config()), maxAttempts }));
    },
    iam: async () => {
      const { IAMClient } = await sdk('@aws-sdk/client-iam');
      return measured(new IAMClient({ ...(await config()), maxAttempts: 4 }));
    },
    eventScheduler: async () => {
      const { SchedulerClient } = await sdk('@aws-sdk/client-scheduler');
      return measured(new SchedulerClient(await config()));
    },
  };
}

/**
 * Returns the endpoint of Secrets Manager: that of the compute environment, else that of the environment variables or
 * the AWS configuration, else null for the region's default. A lease records it, because at another endpoint the
 * secret would not be found and be mistaken for deleted. Throws `compute-environment-invalid` if it is not encrypted.
 */
export async function configuredEndpoint(session: AwsSession): Promise<string | null> {
  if (session.access.endpoint !== null) return session.access.endpoint;
  const client = await session.secretsManager();
  try {
    const configured = (await client.config.serviceConfiguredEndpoint?.()) ?? null;
    if (configured !== null) assertEncrypted(destinationOf(configured), session.access);
    return configured;
  } finally {
    client.destroy();
  }
}

async function stsClient(access: AwsAccess, credentials: AwsCredentials): Promise<STSClient> {
  const { STSClient } = await sdk('@aws-sdk/client-sts');
  return measured(new STSClient({ ...(await basicConfig(access, credentials)), maxAttempts: 4 }));
}

/** Returns the configuration that all clients share. */
async function basicConfig(access: AwsAccess, credentials: AwsCredentials) {
  return {
    region: access.region,
    credentials,
    useFipsEndpoint: access.fips,
    requestHandler: await encryptedTransport(access),
  };
}
