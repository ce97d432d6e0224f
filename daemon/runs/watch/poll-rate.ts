/** A token bucket. */
export interface Rate {
  /** Number of polls in a burst. */
  readonly burst: number;
  /** Returns the interval of further polls, in milliseconds. */
  readonly intervalMs: () => number;
}

/**
 * Limits how often one run is polled because something changed (token bucket), so that a task that floods its run directory
 * does not starve other runs.
 */
export class PollRate {
  readonly #poll: () => void;
  readonly #rate: Rate;
  #tokens: number;
  #filledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(poll: () => void, rate: Rate) {
    this.#poll = poll;
    this.#rate = rate;
    this.#tokens = rate.burst;
  }

  /** Whether a poll is due as soon as the rate permits. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** Polls now, or as soon as the rate permits. */
  request(): void {
    if (this.#timer !== undefined) return;
    const { burst } = this.#rate;
    const intervalMs = this.#rate.intervalMs();
    const now = performance.now();
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#filledAt) / intervalMs);
    this.#filledAt = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      this.#poll();
    } else
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.request();
      }, intervalMs);
  }

  /** Permits a burst again, and forgets a requested poll. */
  reset(): void {
    this.stop();
    this.#timer = undefined;
    this.#tokens = this.#rate.burst;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
