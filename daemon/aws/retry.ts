import { classifyFailure, type AwsFailure } from './session/aws-error.ts';
import type { Clock } from '../system/time/clock.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 4000;
/** A clock that is set while a request is under way misleads the SDK once more. */
const CLOCK_TRIES = 3;

/**
 * Tries until it works, the time is over, or AWS says what another try would not change. Pauses grow and are spread at
 * random: a hundred runs that start at once share one quota. Throws the last try's error.
 */
export async function retry<T>(
  work: () => Promise<T>,
  { forMs, clock, also }: { forMs: number; clock: Clock; also?: (failure: AwsFailure) => boolean },
): Promise<T> {
  const end = clock.monotonic() + forMs;
  for (let longest = FIRST_PAUSE_MS, skewed = 0; ; longest = Math.min(longest * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      const failure = classifyFailure(error);
      // The SDK has taken AWS's time from that answer: the next try is signed with it.
      const again =
        failure === 'clock' ? skewed < CLOCK_TRIES : failure === 'throttled' || also?.(failure) === true;
      if (failure === 'clock') skewed += 1;
      const pause = longest * (0.5 + Math.random() / 2);
      if (!again || clock.monotonic() + pause > end) throw error;
      await clock.sleep(pause);
    }
  }
}

/** Asks, or does what is the same when repeated: so an answer that was lost is no reason to give up either. */
export async function retryIdempotent<T>(work: () => Promise<T>, clock: Clock, forMs: number): Promise<T> {
  return retry(work, { forMs, clock, also: (failure) => failure === 'unanswered' });
}
