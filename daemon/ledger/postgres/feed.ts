import { sql, type Kysely } from 'kysely';
import { placeEvent } from '../journal.ts';
import type { Feed } from '../feed.ts';
import type { PostgresTables } from './tables.ts';

/** Maximum number of events that one transaction numbers. */
const BATCH = 1000;

/** The tables of the feed. Other tables of the ledger, with `runs.events`, exist before. */
export const postgresFeedSchema = [
  `CREATE TABLE journal (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id text, run_seq bigint,
     feed_seq bigint UNIQUE, principal text, at text NOT NULL, type text NOT NULL, data text NOT NULL)`,
  `CREATE UNIQUE INDEX journal_by_run ON journal (run_id, run_seq)`,
  `CREATE INDEX journal_by_principal ON journal (seq) WHERE principal IS NOT NULL`,
  `CREATE INDEX journal_unnumbered ON journal (seq) WHERE feed_seq IS NULL`,
  `CREATE TABLE journal_feed (last bigint NOT NULL)`,
  `INSERT INTO journal_feed VALUES (0)`,
] as const;

/**
 * Returns the feed of a ledger on PostgreSQL. Transactions take `seq` before they commit, so a row can become visible after
 * one with a higher `seq`. The feed is therefore in the order of `feed_seq`, which is set after the commit. Each read numbers
 * new rows first.
 */
export function postgresFeed(db: Kysely<PostgresTables>): Feed {
  return {
    read: async (after, limit, type) => {
      await numberEvents(db);
      let query = db.selectFrom('journal').selectAll().where('feed_seq', '>', after);
      if (type !== undefined) query = query.where('type', '=', type);
      const rows = await query.orderBy('feed_seq').limit(limit).execute();
      return rows.map(({ feed_seq, ...row }) => placeEvent(row, feed_seq ?? 0));
    },
    newest: async () => {
      await numberEvents(db);
      const { last } = await db.selectFrom('journal_feed').select('last').executeTakeFirstOrThrow();
      return last;
    },
  };
}

/**
 * Numbers committed events that have no position yet, and returns how many. The row of `journal_feed` is the claim: one
 * replica at a time numbers events, and its numbers are visible before those of the next. A separate statement
 * takes the lock, because at READ COMMITTED the next statement then sees everything committed before. Rows of open
 * transactions are invisible and do not delay others; a later call numbers them. Within a run, `seq` is in the order of the
 * commits because `record` holds the row lock of the run, so the feed never reverses two events of a run.
 */
async function numberEvents(db: Kysely<PostgresTables>): Promise<number> {
  const found = await db.selectFrom('journal').select('seq').where('feed_seq', 'is', null).limit(1).execute();
  if (found.length === 0) return 0; // a read without new events takes no lock
  return db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (transaction) => {
      const claim = await transaction
        .selectFrom('journal_feed')
        .select('last')
        .forUpdate()
        .executeTakeFirstOrThrow();
      const { numAffectedRows: numbered = 0n } = await sql`
        UPDATE journal SET feed_seq = ${claim.last}::bigint + fresh.position
          FROM (SELECT seq, row_number() OVER (ORDER BY seq) AS position FROM journal WHERE feed_seq IS NULL
            ORDER BY seq LIMIT ${BATCH}) AS fresh
          WHERE journal.seq = fresh.seq`.execute(transaction);
      const count = Number(numbered);
      if (count > 0)
        await transaction
          .updateTable('journal_feed')
          .set({ last: claim.last + count })
          .execute();
      return count;
    });
}
