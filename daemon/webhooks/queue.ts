import { randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { WebhookSetting } from '../config/webhook-setting.ts';
import type { WebhookType } from '../contract/types.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';
import { describeEvent } from './describe-event.ts';
import { openLeaseStates } from '../runs/records/states.ts';

export type DeliveryRow = Selectable<Tables['webhook_deliveries']>;

/** Pending deliveries of one receiver. Beyond that, the oldest are dropped. */
const PENDING_MAX = 1000;
/** Events that are read from the journal at once. */
const BATCH = 200;

/** Forgets receivers that are no longer configured, and finished deliveries of purged runs. */
export async function cleanUp(ledger: Ledger, hooks: readonly string[]): Promise<void> {
  const finished = ledger.db
    .selectFrom('webhook_deliveries')
    .select('id')
    .where((where) =>
      where.or([
        ...(hooks.length === 0 ? [] : [where('hook', 'not in', hooks)]),
        where.and([
          where('state', '!=', 'pending'),
          where('run_id', 'not in', where.selectFrom('runs').select('id').where('state', '!=', 'purged')),
        ]),
      ]),
    );
  if ((await finished.limit(1).execute()).length === 0) return; // a write would wake every reader of the journal
  await ledger.write((transaction) =>
    transaction.deleteFrom('webhook_deliveries').where('id', 'in', finished).execute(),
  );
}

/**
 * Adds a delivery for each run that has ended since the last call, in the order of the feed. The first call for a receiver only
 * records its position: earlier runs are not reported. Returns the number of dropped deliveries.
 */
export async function addEndedRuns(ledger: Ledger, hook: WebhookSetting): Promise<number> {
  const position = await positionOf(ledger.db, hook.id);
  if (position === undefined) {
    const newest = await ledger.feed.newest();
    await ledger.write((db) => moveTo(db, hook.id, newest));
    return 0;
  }
  const ended = await ledger.feed.read(position, BATCH, 'run.ended');
  const last = ended.at(-1);
  if (last === undefined) return 0; // a write would wake every reader of the journal
  return ledger.write(async (db) => {
    if (hook.events.includes('run.ended'))
      for (const { event } of ended) if (event.run !== null) await add(db, hook, 'run.ended', event.run);
    await moveTo(db, hook.id, last.feedSeq);
    return dropExcess(db, hook.id);
  });
}

async function positionOf(db: Queries, hook: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('webhook_positions')
    .select('seq')
    .where('hook', '=', hook)
    .executeTakeFirst();
  return row?.seq;
}

/** Moves a receiver to a position of the feed, never back: another process may have moved it further. */
async function moveTo(db: Queries, hook: string, seq: number): Promise<void> {
  await db
    .insertInto('webhook_positions')
    .values({ hook, seq })
    .onConflict((conflict) =>
      conflict.column('hook').doUpdateSet({ seq }).where('webhook_positions.seq', '<', seq),
    )
    .execute();
}

/** Adds a delivery for each run whose removals have been pending for too long. Each run is reported once. */
export async function addPendingRemovals(ledger: Ledger, hook: WebhookSetting, now: Date): Promise<number> {
  if (!hook.events.includes('removal.pending')) return 0;
  const before = new Date(now.getTime() - hook.removalPendingMinutes * 60_000).toISOString();
  const late = await ledger.db
    .selectFrom('runs')
    .select('id')
    .where('state', '=', 'ended')
    .where('ended_at', '<=', before)
    .where('id', 'in', (where) =>
      where.selectFrom('leases').select('run_id').where('state', 'in', openLeaseStates),
    )
    .where('id', 'not in', (where) =>
      where
        .selectFrom('webhook_deliveries')
        .select('run_id')
        .where('hook', '=', hook.id)
        .where('type', '=', 'removal.pending'),
    )
    .limit(BATCH)
    .execute();
  if (late.length === 0) return 0;
  return ledger.write(async (db) => {
    for (const { id } of late) await add(db, hook, 'removal.pending', id);
    return dropExcess(db, hook.id);
  });
}

async function add(db: Queries, hook: WebhookSetting, type: WebhookType, run: string): Promise<void> {
  const id = `msg_${randomBytes(16).toString('hex')}`;
  const body = await describeEvent(db, { id, type, run });
  if (body === undefined) return; // the run was pruned
  await db
    .insertInto('webhook_deliveries')
    .values({
      id,
      hook: hook.id,
      type,
      run_id: run,
      body: JSON.stringify(body),
      state: 'pending',
      created_at: body.timestamp,
      attempts: 0,
      attempted_at: null,
    })
    .onConflict((conflict) => conflict.columns(['hook', 'type', 'run_id']).doNothing())
    .execute();
}

async function dropExcess(db: Queries, hook: string): Promise<number> {
  const excess = await db
    .selectFrom('webhook_deliveries')
    .select('id')
    .where('hook', '=', hook)
    .where('state', '=', 'pending')
    .orderBy('created_at', 'desc')
    .offset(PENDING_MAX)
    .limit(BATCH * 2)
    .execute();
  for (const { id } of excess) await finish(db, id, 'dropped');
  return excess.length;
}

async function finish(db: Queries, id: string, state: 'delivered' | 'dropped'): Promise<void> {
  await db.updateTable('webhook_deliveries').set({ state, body: '' }).where('id', '=', id).execute();
}

/** Returns the pending delivery of a receiver whose last attempt was longest ago. */
export async function nextDelivery(db: Queries, hook: string): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('hook', '=', hook)
    .where('state', '=', 'pending')
    .orderBy('attempted_at', (order) => order.asc().nullsFirst())
    .orderBy('created_at')
    .executeTakeFirst();
}

/** Records the result of an attempt. */
export async function recordAttempt(
  ledger: Ledger,
  { id, attempts }: DeliveryRow,
  result: 'delivered' | 'failed' | 'dropped',
): Promise<void> {
  await ledger.write(async (db) => {
    await db
      .updateTable('webhook_deliveries')
      .set({ attempts: attempts + 1, attempted_at: new Date().toISOString() })
      .where('id', '=', id)
      .execute();
    if (result !== 'failed') await finish(db, id, result);
  });
}

/** Counts pending deliveries of all receivers. */
export async function countPending(db: Queries): Promise<number> {
  const { count } = await db
    .selectFrom('webhook_deliveries')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow();
  return count;
}
