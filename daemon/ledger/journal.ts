import type { JournalEvent } from '../contract/types.ts';
import type { Queries } from './open.ts';
import type { Tables } from './tables.ts';

/** A new journal event. `by` is the principal who asked for the action; absent if the daemon acts on its own. */
export interface Entry {
  readonly type: string;
  readonly run?: string;
  readonly by?: string;
  readonly data?: JournalEvent['data'];
}

/** Appends an event. Call it in the transaction of the change that the event reports, so that both or neither exist. */
export async function record(db: Queries, { type, run, by, data = {} }: Entry): Promise<void> {
  await db
    .insertInto('journal')
    .values({
      run_id: run ?? null,
      principal: by ?? null,
      at: new Date().toISOString(),
      type,
      data: JSON.stringify(data),
    })
    .execute();
}

/** Returns the events of a run after `seq`, in order. */
export async function readJournal(db: Queries, run: string, after: number): Promise<JournalEvent[]> {
  const rows = await db
    .selectFrom('journal')
    .selectAll()
    .where('run_id', '=', run)
    .where('seq', '>', after)
    .orderBy('seq')
    .execute();
  return rows.map(describeEvent);
}

/** Returns the data of a run's events of one type, in order. */
export async function readEventData(db: Queries, run: string, type: string): Promise<unknown[]> {
  const rows = await db
    .selectFrom('journal')
    .select('data')
    .where('run_id', '=', run)
    .where('type', '=', type)
    .orderBy('seq')
    .execute();
  return rows.map(({ data }) => JSON.parse(data) as unknown);
}

/** Returns the events that a principal caused, newest first, before `seq`. */
export async function readAudit(db: Queries, limit: number, before?: number): Promise<JournalEvent[]> {
  let query = db.selectFrom('journal').selectAll().where('principal', 'is not', null);
  if (before !== undefined) query = query.where('seq', '<', before);
  return (await query.orderBy('seq', 'desc').limit(limit).execute()).map(describeEvent);
}

function describeEvent({ seq, run_id, principal, at, type, data }: EventRow): JournalEvent {
  return { seq, run: run_id, by: principal, at, type, data: JSON.parse(data) as JournalEvent['data'] };
}

type EventRow = Omit<Tables['journal'], 'seq'> & { seq: number };
