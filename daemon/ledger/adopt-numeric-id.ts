import type { Queries } from './ledger.ts';

/** Tables whose rows have an id that is a number, for clients of Seqera Platform. */
export type Numbered = 'organizations' | 'scopes' | 'secrets';

/**
 * Gives a row the id that it had in another ledger, unless another row has it. Call it before clients can know the present id.
 */
export async function adoptNumericId(
  db: Queries,
  table: Numbered,
  rowId: string,
  numericId: number,
): Promise<void> {
  const taken = await db
    .selectFrom(table)
    .select('id')
    .where('numeric_id', '=', numericId)
    .executeTakeFirst();
  if (taken !== undefined) return;
  await db.updateTable(table).set({ numeric_id: numericId }).where('id', '=', rowId).execute();
}
