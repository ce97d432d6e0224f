/** So many polls may follow one another at once: a run that starts or ends has several things to tell. */
const BURST = 10;
/** Beyond that, one in so many milliseconds: whatever a task does in its run directory, others have their time. */
const INTERVAL_MS = 500;

/** Limits how often one run is polled because something changed (token bucket). */
export class PollRate {
  readonly #poll: () => void;
  #tokens = BURST;
  #filledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(poll: () => void) {
    this.#poll = poll;
  }

  /** Polls now, or as soon as it may be. */
  request(): void {
    if (this.#timer !== undefined) return;
    const now = performance.now();
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#filledAt) / INTERVAL_MS);
    this.#filledAt = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      this.#poll();
    } else
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.request();
      }, INTERVAL_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
