/** The bounds of the pauses between attempts, in milliseconds. */
export interface Pauses {
  readonly first: number;
  readonly longest: number;
}

/**
 * Pauses between attempts, with exponential backoff and jitter. A bound doubles from the first to the longest pause; each
 * pause is a random part of its bound, at least half of it. Without jitter, a hundred runs that failed at the same time
 * would retry at the same time.
 */
export class Backoff {
  readonly #pauses: Pauses;
  #bound: number;

  constructor(pauses: Pauses) {
    this.#pauses = pauses;
    this.#bound = pauses.first;
  }

  /** Returns the pause before the next attempt, in milliseconds. */
  next(): number {
    const pause = this.#bound * (0.5 + Math.random() / 2);
    this.#bound = Math.min(this.#bound * 2, this.#pauses.longest);
    return pause;
  }

  /** Starts again with the first pause. To be called after a success. */
  reset(): void {
    this.#bound = this.#pauses.first;
  }
}
