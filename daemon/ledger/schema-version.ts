import type { Queries } from './ledger.ts';

/** Returns the schema version that a ledger has now. A newer nf-escrow raises it when it opens the ledger. */
export async function schemaVersionOf(db: Queries): Promise<number> {
  const { id } = await db
    .selectFrom('migrations')
    .select(({ fn }) => fn.max<number | null>('id').as('id'))
    .executeTakeFirstOrThrow();
  return id ?? 0;
}
