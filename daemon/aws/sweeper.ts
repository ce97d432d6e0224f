import type { Leftovers } from '../contract/types.ts';

export type Leftover = Leftovers['leftovers'][number];

/** How far a lease is moved on at the most, in milliseconds: LEASE_SECONDS of daemon/runs. */
export const LEASE_MS = 24 * 3600_000;
/** A machine whose renewal failed once, or whose clock is off, is given that much longer, in milliseconds. */
export const GRACE_MS = 24 * 3600_000;

/** A secret's name is what its run is known by: nobody can change it. Undefined: it is not named as those of runs are. */
export function runOf(name: string): string | undefined {
  return /^(?:\S+\/)?[a-z0-9-]+\.[a-z0-9-]+\/(r[0-9a-z]+)(?:\/\w+)?$/.exec(name)?.[1];
}
