import { failureOf, type Failure } from './aws-error.ts';

/** How time passes; tests bring their own. */
export interface Pace {
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 4000;

/**
 * Tries until it works, the time is over, or AWS says what another try would not change. Pauses grow and are spread at
 * random: a hundred runs that start at once share one quota. Throws the last try's error.
 */
export async function repeat<T>(
  work: () => Promise<T>,
  { forMs, pace, also }: { forMs: number; pace: Pace; also?: (failure: Failure) => boolean },
): Promise<T> {
  const end = pace.clock() + forMs;
  for (let longest = FIRST_PAUSE_MS, skewed = false; ; longest = Math.min(longest * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      // The SDK has taken AWS's time from that answer: the next try is signed with it.
      const again = failure === 'clock' ? !skewed : failure === 'throttled' || also?.(failure) === true;
      skewed ||= failure === 'clock';
      const pause = longest * (0.5 + Math.random() / 2);
      if (!again || pace.clock() + pause > end) throw error;
      await pace.sleep(pause);
    }
  }
}
