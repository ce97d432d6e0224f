import { Backoff, type Pauses } from './backoff.ts';
import type { Clock } from './clock.ts';

/** How long and how often to repeat. */
export interface Repetition {
  readonly pauses: Pauses;
  /** Time limit, in milliseconds. No attempt starts after it; a running attempt is not interrupted. */
  readonly forMs: number;
  readonly clock: Clock;
  /** Ends a pause early, and allows no further attempt. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `work` until it succeeds, with exponential backoff. Throws the error of the last attempt when `isRetryable` rejects
 * it, when the next attempt would exceed the time limit, or when the signal is aborted.
 */
export async function retry<T>(
  work: () => Promise<T>,
  isRetryable: (error: unknown) => boolean,
  repetition: Repetition,
): Promise<T> {
  const attempts = new Attempts(repetition);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isRetryable(error) || !(await attempts.another())) throw error;
    }
  }
}

/**
 * Calls `look` until its result is accepted, with exponential backoff. Returns the last result, accepted or not, when the
 * time limit is reached or the signal is aborted.
 */
export async function poll<T>(
  look: () => Promise<T>,
  isAccepted: (result: T) => boolean,
  repetition: Repetition,
): Promise<T> {
  const attempts = new Attempts(repetition);
  for (;;) {
    const result = await look();
    if (isAccepted(result) || !(await attempts.another())) return result;
  }
}

class Attempts {
  readonly #backoff: Backoff;
  readonly #end: number;
  readonly #repetition: Repetition;

  constructor(repetition: Repetition) {
    this.#repetition = repetition;
    this.#backoff = new Backoff(repetition.pauses);
    this.#end = repetition.clock.monotonic() + repetition.forMs;
  }

  /** Pauses. Returns false, at once or during the pause, when no further attempt is allowed. */
  async another(): Promise<boolean> {
    const { clock, signal } = this.#repetition;
    const pause = this.#backoff.next();
    if (this.#isAborted() || clock.monotonic() + pause > this.#end) return false;
    try {
      await clock.sleep(pause, signal);
    } catch (error) {
      if (!this.#isAborted()) throw error;
    }
    return !this.#isAborted();
  }

  #isAborted(): boolean {
    return this.#repetition.signal?.aborted === true;
  }
}
