import { setTimeout as sleep } from 'node:timers/promises';

/** So long synchronous work keeps everything else of this process waiting, in milliseconds. */
const SLICE_MS = 8;
/** A pause, and not only a turn: a process that never waits is itself kept waiting by the others of a busy machine. */
const PAUSE_MS = 2;

/** Divides long synchronous work, so that a process that serves others meanwhile answers them. */
export class TimeSlices {
  #until = performance.now() + SLICE_MS;

  /** Lets others have their turn where this work has had its own. To be awaited between small pieces of it. */
  async next(): Promise<void> {
    if (performance.now() < this.#until) return;
    await sleep(PAUSE_MS);
    this.#until = performance.now() + SLICE_MS;
  }
}
