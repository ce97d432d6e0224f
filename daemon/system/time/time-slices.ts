import { setTimeout as sleep } from 'node:timers/promises';

/** How long synchronous work may block this process, in milliseconds. */
const SLICE_MS = 8;
/** Pause between slices. On a busy machine the scheduler favors a process that pauses over one that never waits. */
const PAUSE_MS = 2;

/** Divides long synchronous work into slices, so that the process can serve requests in between. */
export class TimeSlices {
  #until = performance.now() + SLICE_MS;

  /** Pauses if the current slice is used up. To be awaited between small pieces of work. */
  async next(): Promise<void> {
    if (performance.now() < this.#until) return;
    await sleep(PAUSE_MS);
    this.#until = performance.now() + SLICE_MS;
  }
}
