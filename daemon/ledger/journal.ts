import type { JournalEvent } from '../contract/types.ts';
import type { Queries } from './open.ts';

/** Appends an event. Within a transaction it is there exactly when the change that it tells of is. */
export async function record(
  db: Queries,
  run: string,
  type: string,
  data: JournalEvent['data'] = {},
): Promise<void> {
  await db
    .insertInto('journal')
    .values({ run_id: run, at: new Date().toISOString(), type, data: JSON.stringify(data) })
    .execute();
}

/** Events of a run after `seq`, in order. */
export async function readJournal(db: Queries, run: string, after: number): Promise<JournalEvent[]> {
  const rows = await db
    .selectFrom('journal')
    .selectAll()
    .where('run_id', '=', run)
    .where('seq', '>', after)
    .orderBy('seq')
    .execute();
  return rows.map(({ seq, run_id, at, type, data }) => ({
    seq,
    run: run_id,
    at,
    type,
    data: JSON.parse(data) as JournalEvent['data'],
  }));
}
