import { sql, type Kysely } from 'kysely';
import type { Feed } from '../feed.ts';
import { placeEvent } from '../journal.ts';
import type { Tables } from '../tables.ts';

/** Returns the feed of an SQLite ledger, which has one writer at a time: `seq` is in the order of the commits. */
export function sqliteFeed(db: Kysely<Tables>): Feed {
  return {
    read: async (after, limit, type) => {
      let query = db.selectFrom('journal').selectAll().where('seq', '>', after);
      if (type !== undefined) query = query.where('type', '=', type);
      const rows = await query.orderBy('seq').limit(limit).execute();
      return rows.map((row) => placeEvent(row, row.seq));
    },
    newest: async () => {
      // Not the highest `seq` of a row: the newest events may have been deleted with their run.
      const { rows } = await sql<{
        seq: number;
      }>`SELECT seq FROM sqlite_sequence WHERE name = 'journal'`.execute(db);
      return rows[0]?.seq ?? 0;
    },
  };
}
