import type { Kysely } from 'kysely';
import { EscrowError } from '../errors.ts';
import type { Tables } from './tables.ts';

const KEY = 'epoch';

/** Makes this daemon the one that may write: every one before it is refused from now on. Gives its number. */
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
 * Throws `daemon-on-other-host` when another daemon has taken over since: one that was stopped, or whose host was away,
 * writes nothing when it wakes, and so neither launches nor removes anything.
 */
export async function assertEpoch(db: Kysely<Tables>, epoch: number): Promise<void> {
  if ((await currentEpoch(db)) === epoch) return;
  throw new EscrowError('daemon-on-other-host', 'Another daemon has taken over; this one ends.');
}

async function currentEpoch(db: Kysely<Tables>): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', KEY).executeTakeFirst();
  return Number(row?.value ?? 0);
}
