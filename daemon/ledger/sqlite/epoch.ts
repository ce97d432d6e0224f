import type { Kysely } from 'kysely';
import { EscrowError } from '../../errors.ts';
import type { Tables } from '../tables.ts';

const KEY = 'epoch';

/** Increments the epoch and returns it. From now on, writes of all earlier daemons fail. */
export async function raiseEpoch(db: Kysely<Tables>): Promise<number> {
  const epoch = (await currentEpoch(db)) + 1;
  const value = String(epoch);
  await db
    .insertInto('meta')
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
  return epoch;
}

/**
 * Throws `daemon-on-other-host` if another daemon has taken over the ledger since. The epoch is a fencing token: a daemon
 * that was suspended, or whose host was unreachable, can neither launch nor remove anything when it resumes.
 */
export async function assertEpoch(db: Kysely<Tables>, epoch: number): Promise<void> {
  if ((await currentEpoch(db)) === epoch) return;
  throw new EscrowError(
    'daemon-on-other-host',
    'Cannot write to the ledger: another daemon has taken it over. This daemon exits.',
  );
}

async function currentEpoch(db: Kysely<Tables>): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', KEY).executeTakeFirst();
  return Number(row?.value ?? 0);
}
