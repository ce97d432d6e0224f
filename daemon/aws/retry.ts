import { classifyFailure, type AwsFailure } from './session/aws-error.ts';
import type { Clock } from '../system/time/clock.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 4000;
/** Retries after a clock error. A clock that is set during a request makes the SDK compute a wrong offset again. */
const CLOCK_TRIES = 3;

/**
 * Retries with exponential backoff and jitter, since a hundred simultaneous runs share one quota. Stops at success,
 * at the time limit, or at an error that a retry cannot change. Throws the error of the last attempt.
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
      // The SDK has learned AWS's time from that answer and signs the next attempt with it.
      const again =
        failure === 'clock' ? skewed < CLOCK_TRIES : failure === 'throttled' || also?.(failure) === true;
      if (failure === 'clock') skewed += 1;
      const pause = longest * (0.5 + Math.random() / 2);
      if (!again || clock.monotonic() + pause > end) throw error;
      await clock.sleep(pause);
    }
  }
}

/** Retries an idempotent request, also when its answer was lost. */
export async function retryIdempotent<T>(work: () => Promise<T>, clock: Clock, forMs: number): Promise<T> {
  return retry(work, { forMs, clock, also: (failure) => failure === 'unanswered' });
}
