import type { Test } from 'tap';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import type { AwsSettings, ComputeEnvironment } from '../../../daemon/contract/types.ts';
import { AwsSecretsManager } from '../../../daemon/stores/aws/secrets-manager.ts';
import { awsWaits, type AwsWaits } from '../../../daemon/stores/aws/waits.ts';
import { StrictAws } from './strict-aws.ts';

/** moto's default account, which is used without an assumed role. */
export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';
export const QUEUE = 'nf-queue';

export function settingsFor(aws: StrictAws, more: Partial<AwsSettings> = {}): AwsSettings {
  return {
    region: REGION,
    queue: QUEUE,
    workDir: 's3://nf-work/run',
    executionRole: `arn:aws:iam::${ACCOUNT}:role/execution`,
    endpoint: aws.endpoint,
    ...more,
  };
}

export function environmentOf(settings: AwsSettings): ComputeEnvironment {
  return {
    name: 'batch',
    platform: 'aws-batch',
    runsDirectory: null,
    isDefault: false,
    dateCreated: '',
    lastUpdated: '',
    etag: '',
    aws: settings,
  };
}

/** Starts a fake AWS with a job queue and points this process's environment to it. Undefined if moto is missing. */
export async function startAws(t: Test): Promise<StrictAws | undefined> {
  const aws = await StrictAws.start(t);
  if (aws === undefined) return undefined;
  const variables = environmentFor(aws);
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  t.teardown(() => {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  });
  await makeQueue(aws);
  return aws;
}

/** Resets the fake AWS to just the job queue. */
export async function startOver(aws: StrictAws): Promise<StrictAws> {
  await aws.reset();
  await makeQueue(aws);
  return aws;
}

/** Returns the environment variables that direct the SDK and Nextflow to the fake AWS. */
export function environmentFor(aws: StrictAws): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Returns a store with short waits. `late`, `apart` and `settling` are 0 by default. */
export function storeFor(
  provided = new ProvidedCredentials(),
  waits: Partial<AwsWaits> = {},
): AwsSecretsManager {
  return new AwsSecretsManager({
    openSession,
    provided: provided,
    owner: 'ada',
    clock: systemClock,
    waits: { ...awsWaits, asking: 1500, placing: 5000, late: 0, apart: 0, settling: 0, ...waits },
  });
}

/** Region and credentials for creating objects. */
interface Place {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

const HOME: Place = { region: REGION, credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' } };

/** Creates the job queue of the tests, in any region or account. */
export async function makeQueue(aws: StrictAws, place = HOME): Promise<void> {
  const { BatchClient, CreateComputeEnvironmentCommand, CreateJobQueueCommand } =
    await import('@aws-sdk/client-batch');
  const batch = new BatchClient({ ...place, endpoint: aws.bare });
  const role = await makeRole(aws, 'service', '{}', place);
  await batch.send(
    new CreateComputeEnvironmentCommand({
      computeEnvironmentName: 'nf-ce',
      type: 'UNMANAGED',
      serviceRole: role,
      state: 'ENABLED',
    }),
  );
  await batch.send(
    new CreateJobQueueCommand({
      jobQueueName: QUEUE,
      priority: 1,
      state: 'ENABLED',
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'nf-ce' }],
    }),
  );
  batch.destroy();
}

export async function makeRole(aws: StrictAws, name: string, trust = '{}', place = HOME): Promise<string> {
  const { IAMClient, CreateRoleCommand } = await import('@aws-sdk/client-iam');
  const iam = new IAMClient({ ...place, endpoint: aws.bare });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }));
  iam.destroy();
  return Role?.Arn ?? '';
}
