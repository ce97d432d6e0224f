// Job definitions and jobs on AWS Batch, created and read by tests.
import type { StrictAws } from './strict-aws.ts';
import { QUEUE, REGION } from './test-aws.ts';

/** Registers a job definition directly in moto. `secrets` are references by name. */
export async function register(
  aws: StrictAws,
  name: string,
  tags: Record<string, string>,
  secrets: Record<string, string> = {},
): Promise<string> {
  const { BatchClient, RegisterJobDefinitionCommand } = await import('@aws-sdk/client-batch');
  const batch = new BatchClient({ region: REGION, endpoint: aws.bare });
  const references = Object.entries(secrets).map(([key, valueFrom]) => ({ name: key, valueFrom }));
  const containerProperties = {
    ...{ image: 'debian:12', vcpus: 1, memory: 128 },
    ...(references.length === 0 ? {} : { secrets: references }),
  };
  const { revision } = await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: name,
      type: 'container',
      containerProperties,
      tags,
    }),
  );
  batch.destroy();
  return `${name}:${String(revision)}`;
}

/** Returns name and revision of the active job definitions, directly from moto. */
export async function active(aws: StrictAws): Promise<string[]> {
  return (await definitions(aws)).map(({ name }) => name);
}

/** Returns the active job definitions with their tags. */
export async function definitions(
  aws: StrictAws,
): Promise<{ name: string; tags: Readonly<Record<string, string>> }[]> {
  const { BatchClient, DescribeJobDefinitionsCommand } = await import('@aws-sdk/client-batch');
  const batch = new BatchClient({ region: REGION, endpoint: aws.bare });
  const { jobDefinitions } = await batch.send(new DescribeJobDefinitionsCommand({ status: 'ACTIVE' }));
  batch.destroy();
  return (jobDefinitions ?? []).map(({ jobDefinitionName, revision, tags = {} }) => ({
    name: `${String(jobDefinitionName)}:${String(revision)}`,
    tags,
  }));
}

/** Submits a job of a definition, given with its revision, and returns the job id. */
export async function submit(
  aws: StrictAws,
  jobDefinition: string,
  command: readonly string[],
): Promise<string> {
  const { BatchClient, SubmitJobCommand } = await import('@aws-sdk/client-batch');
  const batch = new BatchClient({ region: REGION, endpoint: aws.endpoint });
  const { jobId = '' } = await batch.send(
    new SubmitJobCommand({
      jobName: jobDefinition.replaceAll(':', '_'),
      jobQueue: QUEUE,
      jobDefinition,
      containerOverrides: { command: [...command] },
    }),
  );
  batch.destroy();
  return jobId;
}
