// What a cell left: files that hold a value, run directories, and what is in its AWS.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { active } from '../../support/aws/batch.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { schedules } from '../../support/aws/schedules.ts';
import type { Sandbox } from '../../support/sandbox.ts';

/** Something of a run that is in AWS. */
export interface Remnant {
  /** What it is, and its name. */
  readonly what: string;
  /** Id of the run, which is in each name. */
  readonly run: string;
}

/** Everything of runs that is in AWS, once nothing is on its way there any more. */
export async function remnants(aws: StrictAws): Promise<Remnant[]> {
  await aws.quiet();
  const found = [
    ...(await aws.secrets()).map((name) => `secret ${name}`),
    ...(await schedules(aws)).map(({ Name = '' }) => `dead man's switch ${Name}`),
    ...(await active(aws)).map((name) => `job definition ${name}`),
  ];
  return found.map((what) => ({ what, run: /[/-](r[0-9a-z]{8,})(?=[/:-]|$)/.exec(what)?.[1] ?? 'unknown' }));
}

/** Files of a sandbox that hold one of the values, and run directories. */
export function filesLeft(box: Sandbox, values: readonly string[]): string[] {
  const directory = join(box.state, 'runs');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const paths = new Set(values.flatMap((value) => box.filesWith(value)));
  return [
    ...[...paths].map((path) => path.slice(box.directory.length)),
    ...names.map((name) => `directory runs/${name}`),
  ];
}

/** What each AWS was found to hold by cells before: one leftover is told once. */
const told = new WeakMap<StrictAws, Set<string>>();

/** What is in AWS, and whose it is: that of an earlier cell came after its end, and is no fault of this one. */
export async function leftInAws(aws: StrictAws, runs: readonly string[]): Promise<string[]> {
  const before = told.get(aws) ?? new Set<string>();
  told.set(aws, before);
  const found = (await remnants(aws)).filter(({ what }) => !before.has(what));
  for (const { what } of found) before.add(what);
  return found.map(({ what, run }) => {
    if (runs.includes(run)) return `left behind: ${what} of run ${run}`;
    if (runs.length === 0) return `left behind: ${what} of run ${run}, and nobody here knows of a run`;
    return `of another cell: ${what} of run ${run}`;
  });
}
