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
import { sdk } from './sdk.ts';

/** One attempt's way to AWS: with credentials that were resolved for it, and are forgotten with it. */
export interface AwsSession {
  readonly access: AwsAccess;
  secretsManager(): Promise<SecretsManagerClient>;
  /** It repeats what is refused for a while, unless it is told not to. */
  batch(maxAttempts?: number): Promise<BatchClient>;
  iam(): Promise<IAMClient>;
  eventScheduler(): Promise<SchedulerClient>;
  /** As whom AWS sees us. */
  readonly identity: { readonly account: string; readonly arn: string };
}

/** Opens one: the credentials are asked for anew, and AWS who they are. */
export type OpenSession = (access: AwsAccess, provided?: ProvidedCredentials) => Promise<AwsSession>;

/** How long AWS may take to answer, in milliseconds. */
const CONNECT_MS = 5000;
const ANSWER_MS = 15_000;

/**
 * Throws `aws-credentials`, `store-unavailable`, and `compute-environment-invalid` where the credentials are those of
 * another account: what is not found there would be taken for gone.
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
    return identifiedWithProvided(access, borrowed); // the daemon's own have ended: that is what the others were provided for
  }
};

async function attempt<T>(access: AwsAccess, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asAwsError(`AWS in ${access.region} cannot be used`, access, error);
  }
}

/** Credentials of a compute environment, and until when they are good; anew, and of nobody else. Throws as openSession does. */
export async function fetchCredentials(access: AwsAccess): Promise<AwsCredentials & { expiration?: Date }> {
  return assumed(access, await attempt(access, async () => resolveCredentials(access)));
}

async function assumed(
  access: AwsAccess,
  base: AwsCredentials & { expiration?: Date },
): Promise<AwsCredentials & { expiration?: Date }> {
  if (access.role === null) return base;
  const { AssumeRoleCommand } = sdk('@aws-sdk/client-sts');
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

/** Takes credentials for removals, once AWS has said that they lead to the account. Throws as openSession does. */
export async function provideCredentials(
  access: AwsAccess,
  provided: ProvidedCredentials,
  credentials: AwsCredentials,
): Promise<void> {
  await identifiedWithProvided(access, credentials);
  provided.set(access.account, credentials);
}

/** What was provided may be what the role is taken from, or of the account already. */
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
  const { GetCallerIdentityCommand } = sdk('@aws-sdk/client-sts');
  const sts = await stsClient(access, credentials);
  const { Account: account = '', Arn: arn = '' } = await attempt(access, () =>
    sts.send(new GetCallerIdentityCommand()),
  );
  sts.destroy();
  if (account !== access.account)
    throw new EscrowError(
      'compute-environment-invalid',
      `${arn} is of the account ${account}, and the secrets go to ${access.account}, where the execution role is.`,
      { hint: 'Name credentials of that account (--profile), or a role in it (--assume-role).' },
    );
  return { access, identity: { account, arn }, ...clientsFor(access, credentials) };
}

/** Clients of one attempt. An endpoint that is named is taken as it is: FIPS or not, its owner knows. */
export function clientsFor(
  access: AwsAccess,
  credentials: AwsCredentials,
): Omit<AwsSession, 'access' | 'identity'> {
  // Each has connections of its own, which end with it.
  const config = () => ({ ...basicConfig(access, credentials), maxAttempts: 1 }); // who calls repeats, and knows what may be repeated
  const named = access.endpoint === null ? {} : { endpoint: access.endpoint, useFipsEndpoint: false };
  return {
    secretsManager: async () =>
      new (sdk('@aws-sdk/client-secrets-manager').SecretsManagerClient)({ ...config(), ...named }),
    batch: async (maxAttempts = 4) =>
      new (sdk('@aws-sdk/client-batch').BatchClient)({ ...config(), maxAttempts }),
    iam: async () => new (sdk('@aws-sdk/client-iam').IAMClient)({ ...config(), maxAttempts: 4 }),
    eventScheduler: async () => new (sdk('@aws-sdk/client-scheduler').SchedulerClient)(config()),
  };
}

/**
 * The endpoint of Secrets Manager of a compute environment that names none: as the environment and the AWS configuration
 * of now say, or null for the region's own. A lease records it: elsewhere its secret would not be found, and be taken for
 * gone. Throws `compute-environment-invalid` where it is not encrypted.
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
  const { STSClient } = sdk('@aws-sdk/client-sts');
  return new STSClient({ ...basicConfig(access, credentials), maxAttempts: 4 }); // it only asks
}

/** What all clients have in common. */
function basicConfig(access: AwsAccess, credentials: AwsCredentials) {
  return {
    region: access.region,
    credentials,
    useFipsEndpoint: access.fips,
    requestHandler: encryptedTransport(access, {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
    }),
  };
}
