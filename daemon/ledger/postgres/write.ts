import type { Kysely, Transaction } from 'kysely';
import { systemClock } from '../../system/time/clock.ts';
import { Backoff } from '../../system/time/backoff.ts';
import { isConflict, postgresError } from './errors.ts';

/** Read committed: each statement sees what was committed before it. For work that locks the rows that it reads. */
export type Isolation = 'serializable' | 'read committed';

/** Time after which a transaction that is in conflict with others fails. */
const RETRY_MS = 20_000;
const PAUSES = { first: 5, longest: 500 };

/**
 * Runs `work` in a transaction, by default a serializable one, so that what it reads is still true when its changes are
 * committed, such as a role that permits them. Runs the whole work again after a serialization failure or a deadlock. Throws `ledger-unavailable` if
 * conflicts continue for too long, or if the connection was lost during the commit.
 */
export async function retryingWrite<Schema, T>(
  db: Kysely<Schema>,
  title: string,
  work: (transaction: Transaction<Schema>) => Promise<T>,
  isolation: Isolation = 'serializable',
): Promise<T> {
  const backoff = new Backoff(PAUSES);
  const deadline = performance.now() + RETRY_MS;
  for (;;) {
    try {
      return await db.transaction().setIsolationLevel(isolation).execute(work);
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (performance.now() > deadline) throw postgresError(title, error);
    }
    await systemClock.sleep(backoff.next());
  }
}
