import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Receipt, Run, RunList } from '../../daemon/contract/types.ts';
import { Sandbox, until } from './sandbox.ts';
import type { Slurm } from './slurm.ts';

const CREATE = ['compute-envs', 'create', 'queue', '--platform', 'hpc', '--executor', 'slurm', '--head-job'];

export const newValue = (): string => randomBytes(16).toString('hex');

/** Returns a sandbox with one secret whose runs become jobs of a real Slurm. */
export async function onSlurm(t: Test, slurm: Slurm, value: string, options = ''): Promise<Sandbox> {
  const box = new Sandbox(t);
  Object.assign(box.env, slurm.env);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const { status, stderr } = await box.escrow([
    ...CREATE,
    '--default',
    ...(options === '' ? [] : ['--head-options', options]),
  ]);
  t.equal(status, 0, stderr);
  return box;
}

/** Returns the newest run, if any. */
export async function newest(box: Sandbox): Promise<Run | undefined> {
  return (await box.json<RunList>(['runs', 'list'])).runs[0];
}

/** Waits until the newest run is in one of these states. */
export async function runIs(box: Sandbox, ...states: Run['state'][]): Promise<Run> {
  return until(`the run is ${states.join(' or ')}`, async () => {
    const run = await newest(box);
    return run !== undefined && states.includes(run.state) ? run : undefined;
  });
}

/** Waits until the newest run is purged and asserts that its value and its run directory are removed. */
export async function expectNothingLeft(t: Test, box: Sandbox, value: string): Promise<Run> {
  const run = await runIs(box, 'purged');
  t.same(box.filesWith(value), [], 'no file contains the value');
  t.same(readdirSync(join(box.state, 'runs')), [], 'no run directory remains');
  t.equal((await box.json<Receipt>(['runs', 'receipt', run.id])).complete, true, 'the receipt is complete');
  return run;
}
