import type { DeliveryState } from '../contract/types.ts';
import type { Queries } from '../ledger/ledger.ts';
import { missedSeconds } from './availability.ts';

/** From a report of the daemon until what the server has delivered expires, in seconds. */
export const DELIVERY_SECONDS = 24 * 3600;

/** Records that a delivery is to be removed now. Returns false if that was recorded before, or there is none. */
export async function requestRemoval(
  db: Queries,
  id: string,
  reason: NonNullable<DeliveryState['endReason']>,
  now: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('deliveries')
    .set({ state: 'removing', end_reason: reason, next_at: now, attempts: 0 })
    .where('id', '=', id)
    .where('state', 'in', ['placing', 'placed'])
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Extends a delivery whose daemon has reported. Does nothing for one that is being removed. */
export async function extendDelivery(db: Queries, id: string, expiresAt: string): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ expires_at: expiresAt, missed_seconds: await missedSeconds(db), last_error: null })
    .where('id', '=', id)
    .where('state', '=', 'placed')
    .execute();
}
