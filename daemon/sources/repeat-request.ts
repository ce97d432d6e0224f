import { EscrowError, type ErrorCode } from '../errors.ts';
import { systemClock } from '../system/time/clock.ts';
import { retry } from '../system/time/retry.ts';

/** Attempts of a request whose response is lost. */
const ATTEMPTS = 3;
/** Answers of a replica whose database is being replaced, which takes seconds. */
const OF_FAILOVER: readonly ErrorCode[] = ['ledger-unavailable', 'not-ready'];
const REPETITION = { pauses: { first: 500, longest: 4000 }, forMs: 15_000, clock: systemClock };

/**
 * Sends a request to a team server, and repeats it if the response is lost, or while the database of the server is unavailable. The
 * server must return the same result for each repetition. Throws the last error.
 */
export async function repeatRequest<T>(send: () => Promise<T>): Promise<T> {
  const sendAgain = async (): Promise<T> => {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await send();
      } catch (error) {
        if (!isLost(error) || attempt === ATTEMPTS) throw error;
      }
  };
  return retry(sendAgain, (error) => hasCode(error, OF_FAILOVER), REPETITION);
}

/** Whether a request may have been carried out although it has no response. */
export function isLost(error: unknown): boolean {
  return hasCode(error, ['server-unreachable']);
}

function hasCode(error: unknown, codes: readonly ErrorCode[]): boolean {
  return error instanceof EscrowError && codes.includes(error.code);
}
