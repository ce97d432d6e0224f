import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, type Failure } from './session/aws-error.ts';

/** How time passes; tests bring their own. */
export interface Pace {
  /** The time that everybody shares, in milliseconds since 1970. It may be set at any moment. */
  readonly clock: () => number;
  /** Milliseconds that have gone by since some moment: nobody sets it. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** The machine's. */
export const realPace: Pace = { clock: Date.now, elapsed: () => performance.now(), sleep };

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 4000;
/** A clock that is set while a request is under way misleads the SDK once more. */
const CLOCK_TRIES = 3;

/**
 * Tries until it works, the time is over, or AWS says what another try would not change. Pauses grow and are spread at
 * random: a hundred runs that start at once share one quota. Throws the last try's error.
 */
export async function repeat<T>(
  work: () => Promise<T>,
  { forMs, pace, also }: { forMs: number; pace: Pace; also?: (failure: Failure) => boolean },
): Promise<T> {
  const end = pace.elapsed() + forMs;
  for (let longest = FIRST_PAUSE_MS, skewed = 0; ; longest = Math.min(longest * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      // The SDK has taken AWS's time from that answer: the next try is signed with it.
      const again =
        failure === 'clock' ? skewed < CLOCK_TRIES : failure === 'throttled' || also?.(failure) === true;
      if (failure === 'clock') skewed += 1;
      const pause = longest * (0.5 + Math.random() / 2);
      if (!again || pace.elapsed() + pause > end) throw error;
      await pace.sleep(pause);
    }
  }
}

/** Asks, or does what is the same when repeated: so an answer that was lost is no reason to give up either. */
export async function ask<T>(work: () => Promise<T>, pace: Pace, forMs: number): Promise<T> {
  return repeat(work, { forMs, pace, also: (failure) => failure === 'unanswered' });
}
