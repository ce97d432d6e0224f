import type { StrictAws } from '../aws/strict-aws.ts';
import { REGION } from '../aws/subject.ts';

/** Registers a job definition as the plugin does: tagged with its run. Gives its name and revision. */
export async function registerDefinition(aws: StrictAws, name: string, run: string): Promise<string> {
  const { RegisterJobDefinitionCommand } = await import('@aws-sdk/client-batch');
  const batch = await bareBatch(aws);
  const { revision } = await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: name,
      type: 'container',
      containerProperties: { image: 'busybox', vcpus: 1, memory: 128 },
      tags: { 'nf-escrow:run': run },
    }),
  );
  batch.destroy();
  return `${name}:${String(revision)}`;
}

/** Names of those that are active. */
export async function activeDefinitions(aws: StrictAws): Promise<string[]> {
  const { DescribeJobDefinitionsCommand } = await import('@aws-sdk/client-batch');
  const batch = await bareBatch(aws);
  const { jobDefinitions = [] } = await batch.send(new DescribeJobDefinitionsCommand({ status: 'ACTIVE' }));
  batch.destroy();
  return jobDefinitions.map(({ jobDefinitionArn }) => jobDefinitionArn ?? '');
}

async function bareBatch(aws: StrictAws): Promise<import('@aws-sdk/client-batch').BatchClient> {
  const { BatchClient } = await import('@aws-sdk/client-batch');
  const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' };
  return new BatchClient({ region: REGION, endpoint: aws.bare, credentials });
}
