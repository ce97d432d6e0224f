import { setImmediate as nextTurn } from 'node:timers/promises';

/** So long synchronous work keeps everything else of this process waiting, in milliseconds. */
const SLICE_MS = 10;

/** Divides long synchronous work, so that a process that serves others meanwhile answers them. */
export class TimeSlices {
  #until = performance.now() + SLICE_MS;

  /** Lets others have their turn where this work has had its own. To be awaited between small pieces of it. */
  async next(): Promise<void> {
    if (performance.now() < this.#until) return;
    await nextTurn();
    this.#until = performance.now() + SLICE_MS;
  }
}
