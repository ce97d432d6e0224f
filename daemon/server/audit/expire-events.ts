import { SERVER_PLACE } from '../../access/places.ts';
import { record } from '../../ledger/journal.ts';
import { OLD_EVENTS_MAX } from '../../ledger/old-events.ts';
import type { ServerLedger } from '../ledger/server-ledger.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * Deletes the events of the audit log after their retention, and records that. Idempotent: several replicas can call it. Throws
 * `ledger-denied` if the role of the database may not delete events.
 */
export async function expireEvents(
  { ledger, deleteOldEvents }: Pick<ServerLedger, 'ledger' | 'deleteOldEvents'>,
  days: number,
): Promise<void> {
  const before = new Date(ledger.clock.now() - days * DAY_MS).toISOString();
  let count = 0;
  let deleted;
  do count += deleted = await deleteOldEvents(before);
  while (deleted === OLD_EVENTS_MAX);
  if (count === 0) return;
  const event = { type: 'audit.expired', by: 'server:retention', place: SERVER_PLACE };
  await ledger.write((db) => record(db, { ...event, data: { before, count } }));
}
