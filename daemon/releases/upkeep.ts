import { deleteOldCounts } from '../access/limits/count-rate.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { unpin } from './pinned-versions.ts';

const DAY_MS = 24 * 3_600_000;
/** How long a release is kept after its run was purged. */
const PURGED_DAYS = 90;
/** How long a release is kept without a report, for example because the machine was lost. */
const SILENT_DAYS = 365;
/** Releases of one transaction. */
const BATCH = 200;

/**
 * Drops the pins of expired releases, deletes releases after their retention, and deletes old counts of limits. Idempotent. The audit
 * log keeps who received which versions.
 */
export async function maintainReleases(ledger: Writing, faults: FaultInjector): Promise<void> {
  while ((await step(faults, 'releases.unpin', () => unpinExpired(ledger))) === BATCH);
  while ((await step(faults, 'releases.delete', () => deleteOld(ledger))) === BATCH);
  await step(faults, 'releases.forget-counts', () =>
    ledger.write((db) => deleteOldCounts(db, ledger.clock.now())),
  );
}

/** The ledger, or its writes under a claim. */
type Writing = Pick<Ledger, 'clock' | 'write'>;

async function unpinExpired(ledger: Writing): Promise<number> {
  const now = new Date(ledger.clock.now()).toISOString();
  return ledger.write(async (db) => {
    const expired = await db
      .selectFrom('releases')
      .select('id')
      .where('expires_at', '<=', now)
      .where('id', 'in', db.selectFrom('release_pins').select('release_id'))
      .limit(BATCH)
      .execute();
    const ids = expired.map(({ id }) => id);
    await unpin(db, ids);
    return ids.length;
  });
}

async function deleteOld(ledger: Writing): Promise<number> {
  const before = (days: number): string => new Date(ledger.clock.now() - days * DAY_MS).toISOString();
  return ledger.write(async (db) => {
    const old = await db
      .selectFrom('releases')
      .select('id')
      .where((where) =>
        where.or([
          where('purged_at', '<=', before(PURGED_DAYS)),
          where.and([
            where('purged_at', 'is', null),
            where(where.fn.coalesce('reported_at', 'created_at'), '<=', before(SILENT_DAYS)),
          ]),
        ]),
      )
      // What the server itself has delivered is kept in the ledger until it is removed.
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('deliveries')
              .select('deliveries.id')
              .whereRef('deliveries.id', '=', 'releases.id')
              .where('deliveries.state', '!=', 'removed'),
          ),
        ),
      )
      .limit(BATCH)
      .execute();
    const ids = old.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await unpin(db, ids);
    await db.deleteFrom('release_credentials').where('release_id', 'in', ids).execute();
    await db.deleteFrom('delivery_leases').where('delivery_id', 'in', ids).execute();
    await db.deleteFrom('deliveries').where('id', 'in', ids).execute();
    await db.deleteFrom('releases').where('id', 'in', ids).execute();
    return ids.length;
  });
}
