import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ACCOUNT, environmentFor, QUEUE, REGION } from '../../support/aws/test-aws.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { writeStoredServers, type StoredServer } from '../../../daemon/api-client/https/stored-servers.ts';
import type { StoreName } from './cell.ts';

/** Several secrets, so that a run can be partially materialized in files and in AWS. */
export const NAMES = ['FOO_KEY', 'BAR_KEY', 'BAZ_KEY'] as const;

/** A prepared state directory and the values in its vault. */
export interface Template {
  readonly directory: string;
  readonly values: readonly string[];
}

export function newValues(): string[] {
  return NAMES.map(() => randomBytes(16).toString('hex'));
}

/** Creates a state directory of a user who is signed in to a team server, which has the values. */
export function makeTeamTemplate(t: Test, server: StoredServer, values: readonly string[]): Template {
  const box = new Sandbox(t);
  mkdirSync(box.state, { mode: 0o700 });
  writeStoredServers(join(box.state, 'servers.json'), [server]);
  return { directory: box.state, values };
}

/** Creates a state directory with secrets and compute environments, one of them on `aws`. */
export async function makeTemplate(t: Test, store: StoreName, aws: StrictAws | undefined): Promise<Template> {
  const box = new Sandbox(t);
  if (aws !== undefined) Object.assign(box.env, environmentFor(aws));
  const values = newValues();
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
