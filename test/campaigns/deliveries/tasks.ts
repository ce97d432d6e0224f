// The tasks of runs: they read their secrets in AWS, as a container does when it starts.
import type { Delivery } from '../../../daemon/contract/types.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { REGION } from '../../support/aws/test-aws.ts';
import { sha256 } from '../team/canary.ts';
import type { CampaignRun } from './requester.ts';

const CREDENTIALS = { accessKeyId: 'AKIDTASK', secretAccessKey: 'test' };
/** AWS throttles requests of tasks too, and the agent repeats them. */
const ATTEMPTS = 12;

export class Tasks {
  /** Runs whose secrets did not exist while they were alive, or were not those of their workspace. */
  readonly wrong: string[] = [];
  reads = 0;
  readonly #aws: StrictAws;
  /** SHA-256 of each value, by workspace and name. */
  readonly #values: ReadonlyMap<string, string>;

  constructor(aws: StrictAws, values: ReadonlyMap<string, string>) {
    this.#aws = aws;
    this.#values = values;
  }

  async read({ id, title }: CampaignRun, { references }: Delivery): Promise<void> {
    const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
    const client = new SecretsManagerClient({
      ...{ region: REGION, endpoint: this.#aws.endpoint, credentials: CREDENTIALS, maxAttempts: ATTEMPTS },
    });
    const arns = new Set(references.map(({ valueFrom }) => arnOf(valueFrom)));
    try {
      for (const arn of arns) {
        const { SecretString = '{}' } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
        const read = JSON.parse(SecretString) as Record<string, string>;
        this.reads += 1;
        for (const { name, valueFrom } of references.filter((one) => arnOf(one.valueFrom) === arn)) {
          const value = read[keyIn(valueFrom)];
          if (value === undefined || sha256(value) !== this.#values.get(`${title} ${name}`))
            this.wrong.push(`run ${id}: ${name} is not the value of ${title}`);
        }
      }
    } catch (error) {
      const { name, message } = error as Error;
      this.wrong.push(`run ${id}: ${name} ${message}`);
    } finally {
      client.destroy();
    }
  }
}

/** Returns the ARN in a reference of AWS Batch, `ARN:KEY::`. */
function arnOf(valueFrom: string): string {
  return valueFrom.split(':').slice(0, 7).join(':');
}

function keyIn(valueFrom: string): string {
  return valueFrom.split(':')[7] ?? '';
}
