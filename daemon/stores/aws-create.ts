import { randomUUID } from 'node:crypto';
import type { SecretsManagerClient, Tag } from '@aws-sdk/client-secrets-manager';
import { asAwsError, failureOf } from '../aws/aws-error.ts';
import type { AwsAccess } from '../aws/access.ts';
import { repeat, type Pace } from '../aws/repeat.ts';
import { step, type Faults } from '../host/steps.ts';

/** A secret to be made. */
export interface NewSecret {
  readonly name: string;
  readonly text: string;
  readonly kmsKey: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** Tells this placing from every other one: a secret that carries it is ours, though we never heard that it was made. */
const TOKEN_TAG = 'nf-escrow:token';

/**
 * Makes a secret and gives its ARN. Each request's time is noted before it is sent, as its reply may be lost and it may
 * be carried out even minutes later; null is noted once all that were sent are answered. What was not answered is sent
 * again, identical, which AWS takes for the same request; where it says that there is one of that name, ours is told by
 * its token. Throws `store-unavailable`, `aws-*`.
 */
export async function createSecret(
  client: SecretsManagerClient,
  access: AwsAccess,
  { name, text, kmsKey, tags }: NewSecret,
  {
    noteSent,
    forMs,
    pace,
    faults,
  }: { noteSent: (at: number | null) => Promise<void>; forMs: number; pace: Pace; faults: Faults },
): Promise<string> {
  const { CreateSecretCommand, DescribeSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  const token = randomUUID();
  const command = {
    Name: name,
    SecretString: text,
    ClientRequestToken: token,
    Description: 'Of a Nextflow run; nf-escrow removes it when the run is over.',
    Tags: Object.entries({ ...tags, [TOKEN_TAG]: token }).map(([Key, Value]): Tag => ({ Key, Value })),
    ...(kmsKey === undefined ? {} : { KmsKeyId: kmsKey }),
  };
  let unanswered = 0;
  const attempt = async (): Promise<string> => {
    await noteSent(pace.clock());
    try {
      return await step(
        faults,
        'aws.create-secret',
        async () => (await client.send(new CreateSecretCommand(command))).ARN ?? '',
      );
    } catch (error) {
      const failure = failureOf(error);
      if (failure === 'unanswered') unanswered += 1;
      if (failure !== 'exists' || unanswered === 0) throw error;
      const found = await step(faults, 'aws.describe-secret', () =>
        client.send(new DescribeSecretCommand({ SecretId: name })),
      );
      if (!found.Tags?.some(({ Key, Value }) => Key === TOKEN_TAG && Value === token)) throw error;
      return found.ARN ?? '';
    }
  };
  try {
    const also = (failure: string): boolean => ['unanswered', 'unreachable'].includes(failure);
    return await repeat(attempt, { forMs, pace, also });
  } catch (error) {
    throw asAwsError(`The secret ${name} cannot be made`, access, error);
  } finally {
    if (unanswered === 0) await noteSent(null);
  }
}
