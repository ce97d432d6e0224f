import { randomUUID } from 'node:crypto';
import type { SecretsManagerClient, Tag } from '@aws-sdk/client-secrets-manager';
import { asAwsError, classifyFailure } from '../../aws/session/aws-error.ts';
import type { AwsAccess } from '../../aws/session/access.ts';
import { retry } from '../../aws/retry.ts';
import type { Clock } from '../../system/time/clock.ts';
import { step, type FaultInjector } from '../../system/steps.ts';
import { sdk } from '../../aws/session/sdk.ts';

/** A secret to be made. */
export interface NewSecret {
  readonly name: string;
  readonly text: string;
  readonly kmsKey: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** How long something is tried to be made, and who notes what was sent. */
export interface CreateOptions {
  /** Notes the time before each request, and null once all that were sent are answered. */
  readonly noteSent: (at: number | null) => Promise<void>;
  readonly forMs: number;
  readonly clock: Clock;
}

/** Tells this placing from every other one: a secret that carries it is ours, though we never heard that it was made. */
const TOKEN_TAG = 'nf-escrow:token';

/** Makes a secret and gives its ARN. Throws `store-unavailable`, `aws-*`. */
export async function createSecret(
  client: SecretsManagerClient,
  access: AwsAccess,
  { name, text, kmsKey, tags }: NewSecret,
  making: CreateOptions,
  faults: FaultInjector,
): Promise<string> {
  const { CreateSecretCommand, DescribeSecretCommand } = sdk('@aws-sdk/client-secrets-manager');
  const token = randomUUID();
  const command = {
    Name: name,
    SecretString: text,
    ClientRequestToken: token,
    Description: 'Of a Nextflow run; nf-escrow removes it when the run is over.',
    Tags: Object.entries({ ...tags, [TOKEN_TAG]: token }).map(([Key, Value]): Tag => ({ Key, Value })),
    ...(kmsKey === undefined ? {} : { KmsKeyId: kmsKey }),
  };
  const make = (): Promise<string> =>
    step(
      faults,
      'aws.create-secret',
      async () => (await client.send(new CreateSecretCommand(command))).ARN ?? '',
    );
  const adopt = async (): Promise<string | undefined> => {
    const found = await step(faults, 'aws.describe-secret', () =>
      client.send(new DescribeSecretCommand({ SecretId: name })),
    );
    return found.Tags?.some(({ Key, Value }) => Key === TOKEN_TAG && Value === token) === true
      ? (found.ARN ?? '')
      : undefined;
  };
  try {
    return await createOnce(make, adopt, making);
  } catch (error) {
    throw asAwsError(`The secret ${name} cannot be made`, access, error);
  }
}

/**
 * Makes something once, though a reply may be lost and its request carried out even minutes later: each one's time is
 * noted before it is sent. What was not answered is sent again, identical, which AWS takes for the same request; where it
 * says that there is one of that name, `adopt` tells whether it is ours. Throws the last try's error.
 */
export async function createOnce<T>(
  make: () => Promise<T>,
  adopt: () => Promise<T | undefined>,
  { noteSent, forMs, clock }: CreateOptions,
): Promise<T> {
  let unanswered = 0;
  const attempt = async (): Promise<T> => {
    await noteSent(clock.now());
    try {
      return await make();
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
    return await retry(attempt, { forMs, clock, also });
  } finally {
    if (unanswered === 0) await noteSent(null);
  }
}
