/** Number of polls in a burst. A run that starts or ends causes several changes at once. */
const BURST = 10;
/** Interval of further polls, in milliseconds, so that a task that floods its run directory does not starve other runs. */
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

  /** Polls now, or as soon as the rate permits. */
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
