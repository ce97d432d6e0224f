import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import { ACCOUNT, environmentFor, QUEUE, REGION } from '../../support/aws/test-aws.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { Sandbox } from '../../support/sandbox.ts';
import type { StoreName } from './cell.ts';

/** More than one: so a run can be placed by half, in files as well as in AWS secrets. */
export const NAMES = ['FOO_KEY', 'BAR_KEY', 'BAZ_KEY'] as const;

/** A state directory to begin with, and the values in it. */
export interface Template {
  readonly directory: string;
  readonly values: readonly string[];
}

/** Makes one; its AWS compute environment leads to `aws`. */
export async function makeTemplate(t: Test, store: StoreName, aws: StrictAws | undefined): Promise<Template> {
  const box = new Sandbox(t);
  if (aws !== undefined) Object.assign(box.env, environmentFor(aws));
  const values = NAMES.map(() => randomBytes(16).toString('hex'));
  const run = async (args: readonly string[], input?: string): Promise<void> => {
    const { status, stderr } = await box.escrow(args, input === undefined ? {} : { input });
    if (status !== 0) throw new Error(stderr);
  };
  for (const [index, name] of NAMES.entries()) await run(['secrets', 'set', name], values[index]);
  await run(['compute-envs', 'create', 'jobs', '--platform', 'hpc', '--executor', 'slurm', '--head-job']);
  if (aws !== undefined)
    await run([
      ...['compute-envs', 'create', 'batch', '--platform', 'aws-batch', '--region', REGION, '--queue', QUEUE],
      ...['--work-dir', 's3://nf-work/run', '--execution-role', `arn:aws:iam::${ACCOUNT}:role/execution`],
      ...['--endpoint', aws.endpoint, '--layout', store === 'aws per-secret' ? 'per-secret' : 'bundle'],
      ...(store === 'aws per-secret'
        ? ['--dead-man', '--dead-man-role', `arn:aws:iam::${ACCOUNT}:role/switch`]
        : []),
    ]);
  await run(['daemon', 'stop']);
  return { directory: box.state, values };
}
