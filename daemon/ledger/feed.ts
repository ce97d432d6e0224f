import { sql } from 'kysely';
import { placeEvent, type PlacedEvent } from './journal.ts';
import type { Ledger } from './open.ts';

/** All events of the journal, in an order that never changes: no event appears before one that was already read. */
export interface Feed {
  /** Returns up to `limit` events after a position. */
  read(after: number, limit: number): Promise<PlacedEvent[]>;
  /** Returns the position of the newest event, even if it was deleted; 0 if there never was one. */
  newest(): Promise<number>;
}

/** Returns the feed of an SQLite ledger, which has one writer at a time: `seq` is in the order of the commits. */
export function sqliteFeed({ db }: Pick<Ledger, 'db'>): Feed {
  return {
    read: async (after, limit) => {
      const rows = await db
        .selectFrom('journal')
        .selectAll()
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute();
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
