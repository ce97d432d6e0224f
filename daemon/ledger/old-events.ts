import type { Queries } from './ledger.ts';

/** Events that are examined at once. */
export const OLD_EVENTS_MAX = 1000;

/**
 * Deletes those of the oldest events that happened before a time, and returns how many. On PostgreSQL, only the owner of the
 * journal can delete them. Events are in the order of their times, so that it does not read the whole journal.
 */
export async function deleteOldEvents(db: Queries, before: string): Promise<number> {
  const oldest = db
    .selectFrom('journal')
    .select(['seq', 'at'])
    .orderBy('seq')
    .limit(OLD_EVENTS_MAX)
    .as('oldest');
  const { numDeletedRows } = await db
    .deleteFrom('journal')
    .where('seq', 'in', db.selectFrom(oldest).select('oldest.seq').where('oldest.at', '<', before))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
