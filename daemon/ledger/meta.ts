import type { Ledger, Queries } from './ledger.ts';

/** Reads a value of the ledger itself, such as when a sweep is due. Undefined if it was never stored. */
export async function readMeta(db: Ledger['db'] | Queries, key: string): Promise<string | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value;
}

/** Stores a value of the ledger itself, and replaces an earlier one. */
export async function writeMeta(db: Queries, key: string, value: string): Promise<void> {
  await db
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
