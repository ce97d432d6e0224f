import { Kysely, PostgresDialect } from 'kysely';
import { deleteOldEvents } from '../old-events.ts';
import type { Tables } from '../tables.ts';
import { connectionSettings } from './connection-settings.ts';
import { LedgerPool, poolLimits } from './pool.ts';

/**
 * Deletes old events as the owner of the journal, with a separate connection: the application role may not delete them. Throws
 * the errors of a ledger.
 */
export async function deleteAsOwner(
  ownerUrl: string,
  caFile: string | undefined,
  before: string,
): Promise<number> {
  const pool = new LedgerPool(connectionSettings(ownerUrl, caFile), { ...poolLimits, connections: 1 });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    return await deleteOldEvents(db, before);
  } finally {
    await db.destroy();
  }
}
