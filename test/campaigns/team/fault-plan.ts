import type { Random } from '../fuzz/random.ts';

export const faultKinds = ['kill replica', 'pause replica', 'kill daemon', 'pause daemon'] as const;

export interface PlannedFault {
  readonly kind: (typeof faultKinds)[number];
  /** Number of the replica or daemon. */
  readonly target: number;
  /** Duration of a pause in milliseconds. */
  readonly ms: number;
}

/** How often each kind happens, in percent. */
const SHARES: Readonly<Record<PlannedFault['kind'], number>> = {
  'kill replica': 35,
  'pause replica': 25,
  'kill daemon': 25,
  'pause daemon': 15,
};
/** PostgreSQL ends transactions of a process that is paused for 15 s. */
const LONG_PAUSE_MS = 17_000;
const SHORT_PAUSE_MS = 6000;

/** Returns the next fault. The same sequence of random numbers gives the same faults. */
export function nextFault(random: Random, sizes: { replicas: number; daemons: number }): PlannedFault {
  let share = random(100);
  const kind = faultKinds.find((one) => (share -= SHARES[one]) < 0) ?? 'kill replica';
  const target = random(kind.endsWith('replica') ? sizes.replicas : sizes.daemons);
  const isLong = random(8) === 0;
  const ms = random(isLong ? LONG_PAUSE_MS : SHORT_PAUSE_MS) + (isLong ? SHORT_PAUSE_MS : 200);
  return { kind, target, ms };
}
