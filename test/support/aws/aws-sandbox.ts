import type { Test } from 'tap';
import { Sandbox } from '../sandbox.ts';
import type { StrictAws } from './strict-aws.ts';
import { ACCOUNT, QUEUE, REGION } from './test-aws.ts';

/** Returns the arguments that create the compute environment `batch` on the fake AWS. */
export function createBatch(aws: StrictAws, ...more: string[]): string[] {
  return [
    ...['compute-envs', 'create', 'batch', '--platform', 'aws-batch', '--region', REGION, '--queue', QUEUE],
    ...['--work-dir', 's3://nf-work/run', '--execution-role', `arn:aws:iam::${ACCOUNT}:role/execution`],
    ...['--endpoint', aws.endpoint, ...more],
  ];
}

/** Creates a sandbox with the fake nextflow, the compute environment `batch` and the secret FOO_KEY. */
export async function boxOn(t: Test, aws: StrictAws, ...more: string[]): Promise<Sandbox> {
  const box = new Sandbox(t);
  box.env['NXF_PLUGINS_DEFAULT'] = 'true'; // runs on AWS Batch need the plugin
  const { status, stderr } = await box.escrow(createBatch(aws, ...more));
  if (status !== 0) throw new Error(stderr);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  return box;
}
