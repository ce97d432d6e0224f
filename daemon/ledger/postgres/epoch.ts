import { sql, type Transaction } from 'kysely';
import type { PostgresTables } from './tables.ts';

/** Returns a number that is higher than every earlier one of the ledger. */
export async function nextEpoch(db: Transaction<PostgresTables>): Promise<number> {
  const { value } = await db
    .insertInto('meta')
    .values({ key: 'epoch', value: '1' })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({ value: sql`(meta.value::bigint + 1)::text` }),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return Number(value);
}
