import { classifyFailure, type AwsFailure } from './session/aws-error.ts';
import { retry } from '../system/time/retry.ts';
import type { Clock } from '../system/time/clock.ts';

const PAUSES = { first: 200, longest: 4000 };
/** Retries after a clock error. A clock that is set during a request makes the SDK compute a wrong offset again. */
const CLOCK_TRIES = 3;

/**
 * Retries a request to AWS: runs that start at the same time share one quota. Stops at success, at the time limit, or at an
 * error that a retry cannot change. `also` names further failures to retry. Throws the error of the last attempt.
 */
export async function retryRequest<T>(
  work: () => Promise<T>,
  { forMs, clock, also }: { forMs: number; clock: Clock; also?: (failure: AwsFailure) => boolean },
): Promise<T> {
  let skewed = 0;
  const isRetryable = (error: unknown): boolean => {
    const failure = classifyFailure(error);
    // The SDK has learned AWS's time from that answer and signs the next attempt with it.
    if (failure === 'clock') return (skewed += 1) <= CLOCK_TRIES;
    return failure === 'throttled' || also?.(failure) === true;
  };
  return retry(work, isRetryable, { pauses: PAUSES, forMs, clock });
}

/** Retries an idempotent request, also when its answer was lost. */
export async function retryIdempotent<T>(work: () => Promise<T>, clock: Clock, forMs: number): Promise<T> {
  return retryRequest(work, { forMs, clock, also: (failure) => failure === 'unanswered' });
}
