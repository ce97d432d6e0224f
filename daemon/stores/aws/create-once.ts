import type { SecretsManagerClient, Tag } from '@aws-sdk/client-secrets-manager';
import { asAwsError, classifyFailure } from '../../aws/session/aws-error.ts';
import type { AwsAccess } from '../../aws/session/access.ts';
import { DatedRequests } from '../../aws/dated-requests.ts';
import { retryRequest } from '../../aws/retry.ts';
import type { Clock } from '../../system/time/clock.ts';
import { step, type FaultInjector } from '../../system/steps.ts';
import { sdk } from '../../aws/session/sdk.ts';

/** A secret to create. */
export interface NewSecret {
  readonly name: string;
  readonly text: string;
  readonly kmsKey: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Creation token, unique to this secret. It identifies the secret as ours if the answer to the request is lost. */
  readonly token: string;
}

/** Options of a creation. */
export interface CreateOptions {
  /** Records the time before each request, and null once every request is answered. */
  readonly noteSent: (at: number | null) => Promise<void>;
  /** Time limit with retries, in milliseconds. */
  readonly forMs: number;
  readonly clock: Clock;
}

/** Creates a secret and returns its ARN. Throws `store-unavailable`, `aws-*`. */
export async function createSecret(
  client: SecretsManagerClient,
  access: AwsAccess,
  { name, text, kmsKey, tags, token }: NewSecret,
  options: CreateOptions,
  faults: FaultInjector,
): Promise<string> {
  const { CreateSecretCommand, DescribeSecretCommand } = await sdk('@aws-sdk/client-secrets-manager');
  const command = {
    Name: name,
    SecretString: text,
    ClientRequestToken: token,
    Description: 'Secrets of a Nextflow run. nf-escrow deletes them when the run ends.',
    Tags: Object.entries(tags).map(([Key, Value]): Tag => ({ Key, Value })),
    ...(kmsKey === undefined ? {} : { KmsKeyId: kmsKey }),
  };
  const create = (): Promise<string> =>
    step(
      faults,
      'object.create',
      async () => (await client.send(new CreateSecretCommand(command))).ARN ?? '',
    );
  const adopt = async (): Promise<string | undefined> => {
    const found = await step(faults, 'object.describe', () =>
      client.send(new DescribeSecretCommand({ SecretId: name })),
    );
    // Secrets Manager uses the creation token as the version id.
    return Object.keys(found.VersionIdsToStages ?? {}).includes(token) ? (found.ARN ?? '') : undefined;
  };
  try {
    return await createOnce(new DatedRequests(client, options.clock), create, adopt, options);
  } catch (error) {
    throw asAwsError(`Cannot create secret ${name}`, access, error);
  }
}

/**
 * Creates an object exactly once, although an answer may be lost and AWS may carry out the request minutes later. The
 * send time of each request is recorded before the request is signed with it. `create` sends one request with the
 * client of `requests`. An unanswered request is sent again unchanged, and AWS recognizes the repetition. If AWS
 * reports that the name exists, `adopt` returns the object if it is ours. Throws the error of the last attempt.
 */
export async function createOnce<T>(
  requests: DatedRequests,
  create: () => Promise<T>,
  adopt: () => Promise<T | undefined>,
  { noteSent, forMs, clock }: CreateOptions,
): Promise<T> {
  let unanswered = 0;
  const attempt = async (): Promise<T> => {
    const time = requests.now();
    await noteSent(time.at);
    try {
      return await requests.sendAt(time, create);
    } catch (error) {
      const failure = classifyFailure(error);
      if (failure === 'unanswered') unanswered += 1;
      if (failure !== 'exists' || unanswered === 0) throw error;
      const ours = await adopt();
      if (ours === undefined) throw error;
      return ours;
    }
  };
  try {
    const also = (failure: string): boolean => ['unanswered', 'unreachable'].includes(failure);
    return await retryRequest(attempt, { forMs, clock, also });
  } finally {
    if (unanswered === 0) await noteSent(null);
  }
}
