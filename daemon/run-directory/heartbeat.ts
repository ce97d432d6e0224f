import { lstatSync, writeFileSync } from 'node:fs';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { runFile } from './layout.ts';
import { moveAside } from './move-aside.ts';

/** The shim goes on counting every 15 s, and network file systems show that late. */
const FRESH_MS = 2 * 60_000;
const LENGTH_MAX = 32;

/**
 * Sees by a file in the run directory whether a shim lives that is out of this kernel's sight: it counts on there. That
 * the count changes is all that is asked, by our own clock, so no two clocks have to agree.
 */
export class Heartbeat {
  readonly #directory: string;
  readonly #clock: () => number;
  #count: string | undefined;
  #changedAt = -Infinity;

  constructor(directory: string, clock: () => number = () => performance.now()) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** True: it was seen to count on, not long ago. False: it was not, which may have many reasons. */
  isBeating(): boolean {
    const count = this.#read();
    // What stood there when we began to look may be old.
    if (count !== this.#count && this.#count !== undefined) this.#changedAt = this.#clock();
    this.#count = count;
    return this.#clock() - this.#changedAt < FRESH_MS;
  }

  #read(): string {
    try {
      return readFileNoFollow(runFile(this.#directory, 'heartbeat'), LENGTH_MAX)?.toString('latin1') ?? '';
    } catch {
      return ''; // what cannot be read tells nothing, and keeps nobody from the rest
    }
  }
}

/**
 * Asks the shim of a run to end nextflow, where it cannot be signalled from here. Repeatable. A task may have planted
 * something else there: a FIFO would keep us waiting, and a link lead elsewhere.
 */
export function requestCancel(directory: string): void {
  const path = runFile(directory, 'cancel');
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return;
  if (found !== undefined) moveAside(path);
  writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
}
