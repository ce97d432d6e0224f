import type { Test } from 'tap';
import { Sandbox } from '../sandbox.ts';
import type { StrictAws } from './strict-aws.ts';
import { ACCOUNT, QUEUE, REGION } from './test-aws.ts';

/** What `compute-envs create` wants to hear of the stand-in: an environment `batch`. */
export function createBatch(aws: StrictAws, ...more: string[]): string[] {
  return [
    ...['compute-envs', 'create', 'batch', '--platform', 'aws-batch', '--region', REGION, '--queue', QUEUE],
    ...['--work-dir', 's3://nf-work/run', '--execution-role', `arn:aws:iam::${ACCOUNT}:role/execution`],
    ...['--endpoint', aws.endpoint, ...more],
  ];
}

/** A sandbox with the scripted nextflow, the compute environment `batch` and the secret FOO_KEY. */
export async function boxOn(t: Test, aws: StrictAws, ...more: string[]): Promise<Sandbox> {
  const box = new Sandbox(t);
  box.env['NXF_PLUGINS_DEFAULT'] = 'true'; // AWS Batch cannot be had without the plugin
  const { status, stderr } = await box.escrow(createBatch(aws, ...more));
  if (status !== 0) throw new Error(stderr);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value of the test' });
  return box;
}
