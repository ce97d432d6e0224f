import { setTimeout as sleep } from 'node:timers/promises';

/** Sources of time. Tests pass their own. */
export interface Clock {
  /** The wall clock, in milliseconds since 1970 (UTC). An administrator or NTP may set it at any moment. */
  readonly now: () => number;
  /** A monotonic clock, in milliseconds since an arbitrary moment. */
  readonly monotonic: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** The clock of this machine. */
export const systemClock: Clock = { now: Date.now, monotonic: () => performance.now(), sleep };
