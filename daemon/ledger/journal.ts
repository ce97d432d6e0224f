import type { Selectable } from 'kysely';
import type { JournalEvent } from '../contract/types.ts';
import { ledgerTime } from './fragments.ts';
import type { Queries } from './ledger.ts';
import { requestOrigin } from './request-origin.ts';
import type { Tables } from './tables.ts';

/** A new journal event. `by` is the principal who asked for the action; absent if the daemon acts on its own. */
export interface Entry {
  readonly type: string;
  readonly run?: string;
  readonly by?: string;
  readonly data?: JournalEvent['data'];
  /** The workspace (ORGANIZATION/NAME) or organization that it concerns. Default: the workspace of the run or in `data`. */
  readonly place?: string;
}

/** An event and its positions. */
export interface PlacedEvent {
  readonly event: JournalEvent;
  /** Position among the events of its run, from 1. Null for an event without a run. */
  readonly runSeq: number | null;
  /** Position among all events. */
  readonly feedSeq: number;
  /** The workspace or organization that the event concerns: who may see it. */
  readonly place: string | null;
}

/**
 * Appends an event. Call it in the transaction of the change that the event reports, so that both or neither exist. The row
 * lock of the run is held until the commit, so that the positions in the run are in the order of the commits. On a team server,
 * the event has the origin of the request that is being handled.
 */
export async function record(db: Queries, { type, run, by, data = {}, place }: Entry): Promise<void> {
  const origin = requestOrigin.getStore();
  const counted = run === undefined ? undefined : await nextPosition(db, run);
  await db
    .insertInto('journal')
    .values({
      run_id: run ?? null,
      run_seq: counted?.events ?? null,
      principal: by ?? null,
      at: ledgerTime(db),
      type,
      data: JSON.stringify(data),
      place: place ?? counted?.workspace ?? workspaceIn(data),
      origin: origin === undefined ? null : JSON.stringify(origin),
    })
    .execute();
}

/** Returns the workspace that the details of an event name. A scope can also be `user`. */
function workspaceIn(data: object): string | null {
  const { workspace, scope } = data as { readonly workspace?: unknown; readonly scope?: unknown };
  const title = [workspace, scope].find((one) => typeof one === 'string' && one.includes('/'));
  return typeof title === 'string' ? title : null;
}

async function nextPosition(
  db: Queries,
  run: string,
): Promise<{ readonly events: number; readonly workspace: string } | undefined> {
  return db
    .updateTable('runs')
    .set(({ eb }) => ({ events: eb('events', '+', 1) }))
    .where('id', '=', run)
    .returning(['events', 'workspace'])
    .executeTakeFirst();
}

/** Returns up to `limit` events of a run after a position in the run, in order. */
export async function readRunEvents(
  db: Queries,
  run: string,
  after: number,
  limit: number,
): Promise<PlacedEvent[]> {
  const rows = await db
    .selectFrom('journal')
    .selectAll()
    .where('run_id', '=', run)
    .where('run_seq', '>', after)
    .orderBy('run_seq')
    .limit(limit)
    .execute();
  return rows.map((row) => placeEvent(row, row.seq));
}

/** Returns an event with its positions. */
export function placeEvent(row: EventRow, feedSeq: number): PlacedEvent {
  return { event: describeEvent(row), runSeq: row.run_seq, feedSeq, place: row.place };
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

/** Returns the event of a row. */
export function describeEvent({ seq, run_id, principal, at, type, data }: EventRow): JournalEvent {
  return { seq, run: run_id, by: principal, at, type, data: JSON.parse(data) as JournalEvent['data'] };
}

/** A row of the journal. */
export type EventRow = Selectable<Tables['journal']>;
