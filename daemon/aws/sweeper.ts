import type { Leftovers } from '../contract/types.ts';

export type Leftover = Leftovers['leftovers'][number];

/** Maximum lifetime of a lease without renewal, in milliseconds: LEASE_SECONDS of daemon/runs. */
export const LEASE_MS = 24 * 3600_000;
/** Additional time for a machine that missed a renewal or has a wrong clock, in milliseconds. */
export const GRACE_MS = 24 * 3600_000;

/** Returns the run in a secret's name, which nobody can change; undefined if the name is not that of a run's secret. */
export function runOf(name: string): string | undefined {
  return /^(?:\S+\/)?[a-z0-9-]+\.[a-z0-9-]+\/(r[0-9a-z]+)(?:\/\w+)?$/.exec(name)?.[1];
}
