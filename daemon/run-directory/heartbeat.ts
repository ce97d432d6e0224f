import { lstatSync, writeFileSync } from 'node:fs';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { runFile } from './layout.ts';
import { moveAside } from './move-aside.ts';

/** How long a change counts. The shim increments every 15 s, and network file systems show changes late. */
const FRESH_MS = 2 * 60_000;
const LENGTH_MAX = 32;

/**
 * Detects by a counter in the run directory whether a shim on another host is alive. Only changes count, measured on our
 * monotonic clock, so that the hosts need no synchronized clocks.
 */
export class Heartbeat {
  readonly #reach: () => string;
  readonly #clock: () => number;
  #count: string | undefined;
  #changedAt = -Infinity;

  /** `reach` returns a path that leads to the run directory now. */
  constructor(reach: () => string, clock: () => number = () => performance.now()) {
    this.#reach = reach;
    this.#clock = clock;
  }

  /** Returns whether the counter has changed recently. If not, the reason is unknown. */
  isBeating(): boolean {
    const count = this.#read();
    // The first value may be old.
    if (count !== this.#count && this.#count !== undefined) this.#changedAt = this.#clock();
    this.#count = count;
    return this.#clock() - this.#changedAt < FRESH_MS;
  }

  #read(): string {
    try {
      return readFileNoFollow(runFile(this.#reach(), 'heartbeat'), LENGTH_MAX)?.toString('latin1') ?? '';
    } catch {
      return ''; // an unreadable counter counts as unchanged
    }
  }
}

/**
 * Asks the shim of a run on another host to end Nextflow. Idempotent. Replaces anything but a regular file, because a task
 * may have created a FIFO, which would block, or a link to another place.
 */
export function requestCancel(directory: string): void {
  const path = runFile(directory, 'cancel');
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return;
  if (found !== undefined) moveAside(path);
  writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
}
