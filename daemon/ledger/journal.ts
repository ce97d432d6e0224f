import type { JournalEvent } from '../contract/types.ts';
import type { Queries } from './open.ts';
import type { Tables } from './tables.ts';

/** What is noted. `by`: the principal who asked for it; absent where the daemon acts by itself. */
export interface Entry {
  readonly type: string;
  readonly run?: string;
  readonly by?: string;
  readonly data?: JournalEvent['data'];
}

/** Appends an event. Within a transaction it is there exactly when the change that it tells of is. */
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

/** Events of a run after `seq`, in order. */
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

/** What people did, newest first, before `seq`. */
export async function readAudit(db: Queries, limit: number, before?: number): Promise<JournalEvent[]> {
  let query = db.selectFrom('journal').selectAll().where('principal', 'is not', null);
  if (before !== undefined) query = query.where('seq', '<', before);
  return (await query.orderBy('seq', 'desc').limit(limit).execute()).map(describeEvent);
}

function describeEvent({ seq, run_id, principal, at, type, data }: EventRow): JournalEvent {
  return { seq, run: run_id, by: principal, at, type, data: JSON.parse(data) as JournalEvent['data'] };
}

type EventRow = Omit<Tables['journal'], 'seq'> & { seq: number };
