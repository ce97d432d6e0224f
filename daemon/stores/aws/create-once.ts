import type { SecretsManagerClient, Tag } from '@aws-sdk/client-secrets-manager';
import { asAwsError, classifyFailure } from '../../aws/session/aws-error.ts';
import type { AwsAccess } from '../../aws/session/access.ts';
import { DatedRequests } from '../../aws/dated-requests.ts';
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
  /** Of this attempt to make it, and of no other; by it a secret is known to be ours though we never heard that it was made. */
  readonly token: string;
}

/** How long something is tried to be made, and who notes what was sent. */
export interface CreateOptions {
  /** Notes the time before each request, and null once all that were sent are answered. */
  readonly noteSent: (at: number | null) => Promise<void>;
  readonly forMs: number;
  readonly clock: Clock;
}

/** Makes a secret and gives its ARN. Throws `store-unavailable`, `aws-*`. */
export async function createSecret(
  client: SecretsManagerClient,
  access: AwsAccess,
  { name, text, kmsKey, tags, token }: NewSecret,
  making: CreateOptions,
  faults: FaultInjector,
): Promise<string> {
  const { CreateSecretCommand, DescribeSecretCommand } = sdk('@aws-sdk/client-secrets-manager');
  const command = {
    Name: name,
    SecretString: text,
    ClientRequestToken: token,
    Description: 'Of a Nextflow run; nf-escrow removes it when the run is over.',
    Tags: Object.entries(tags).map(([Key, Value]): Tag => ({ Key, Value })),
    ...(kmsKey === undefined ? {} : { KmsKeyId: kmsKey }),
  };
  const make = (): Promise<string> =>
    step(
      faults,
      'object.create',
      async () => (await client.send(new CreateSecretCommand(command))).ARN ?? '',
    );
  const adopt = async (): Promise<string | undefined> => {
    const found = await step(faults, 'object.describe', () =>
      client.send(new DescribeSecretCommand({ SecretId: name })),
    );
    // The id of its version is the token that it was made with.
    return Object.keys(found.VersionIdsToStages ?? {}).includes(token) ? (found.ARN ?? '') : undefined;
  };
  try {
    return await createOnce(new DatedRequests(client, making.clock), make, adopt, making);
  } catch (error) {
    throw asAwsError(`The secret ${name} cannot be made`, access, error);
  }
}

/**
 * Makes something once, though a reply may be lost and its request carried out even minutes later: each one's time is
 * noted before it is signed, with that time and once. `make` sends one request of the client of `requests`. What was not
 * answered is sent again, identical, which AWS takes for the same request; where it says that there is one of that name,
 * `adopt` tells whether it is ours. Throws the last try's error.
 */
export async function createOnce<T>(
  requests: DatedRequests,
  make: () => Promise<T>,
  adopt: () => Promise<T | undefined>,
  { noteSent, forMs, clock }: CreateOptions,
): Promise<T> {
  let unanswered = 0;
  const attempt = async (): Promise<T> => {
    const time = requests.now();
    await noteSent(time.at);
    try {
      return await requests.sendAt(time, make);
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
