// Searches for leftovers of a cell: files that contain a value, run directories, and objects in its AWS.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { active } from '../../support/aws/batch.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { schedules } from '../../support/aws/schedules.ts';
import type { Sandbox } from '../../support/sandbox.ts';

/** An object of a run in AWS. */
export interface Remnant {
  /** Its kind and name. */
  readonly what: string;
  /** The id of the run, which each name contains. */
  readonly run: string;
}

/** Returns all objects of runs in AWS, after delayed requests have taken effect. */
export async function remnants(aws: StrictAws): Promise<Remnant[]> {
  await aws.quiet();
  const found = [
    ...(await aws.secrets()).map((name) => `secret ${name}`),
    ...(await schedules(aws)).map(({ Name = '' }) => `dead man's switch ${Name}`),
    ...(await active(aws)).map((name) => `job definition ${name}`),
  ];
  return found.map((what) => ({ what, run: /[/-](r[0-9a-z]{8,})(?=[/:-]|$)/.exec(what)?.[1] ?? 'unknown' }));
}

/** Returns the files of a sandbox that contain one of the values, and run directories. */
export function filesLeft(box: Sandbox, values: readonly string[]): string[] {
  const directory = join(box.state, 'runs');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const paths = new Set(values.flatMap((value) => box.filesWith(value)));
  return [
    ...[...paths].map((path) => path.slice(box.directory.length)),
    ...names.map((name) => `directory runs/${name}`),
  ];
}

/** Leftovers that earlier cells reported, per AWS. */
const reported = new WeakMap<StrictAws, Set<string>>();

/** Returns new leftovers in AWS. Those of an earlier cell appeared after its end and are reported separately. */
export async function leftInAws(aws: StrictAws, runs: readonly string[]): Promise<string[]> {
  const before = reported.get(aws) ?? new Set<string>();
  reported.set(aws, before);
  const found = (await remnants(aws)).filter(({ what }) => !before.has(what));
  for (const { what } of found) before.add(what);
  return found.map(({ what, run }) => {
    if (runs.includes(run)) return `left behind: ${what} of run ${run}`;
    if (runs.length === 0) return `left behind: ${what} of run ${run}, which has no record`;
    return `of another cell: ${what} of run ${run}`;
  });
}
