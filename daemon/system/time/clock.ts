import { setTimeout as sleep } from 'node:timers/promises';

/** Sources of time. Tests pass their own. */
export interface Clock {
  /** The wall clock, in milliseconds since 1970 (UTC). An administrator or NTP may set it at any moment. */
  readonly now: () => number;
  /** A monotonic clock, in milliseconds since an arbitrary moment. */
  readonly monotonic: () => number;
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};
