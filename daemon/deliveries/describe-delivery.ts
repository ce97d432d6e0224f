import type { Selectable } from 'kysely';
import { authorize } from '../access/authorize.ts';
import { permittedWorkspaces } from '../access/permitted-objects.ts';
import type { Principal } from '../access/principal.ts';
import type { DeliveryState, ReleaseReceipt } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';
import { describeRelease, selectReleases } from '../releases/list-releases.ts';
import { timeIn } from './delivering.ts';

export type ReleaseRow = Selectable<Tables['releases']>;

/**
 * Finds a release of a workspace in which a principal may see runs, by its id or by that of its run. Throws `release-not-found`, also for one
 * of a workspace that the principal may not see.
 */
export async function findRelease(db: Queries, by: Principal, wanted: string): Promise<ReleaseRow> {
  let query = db
    .selectFrom('releases')
    .selectAll()
    .where((where) => where.or([where('id', '=', wanted), where('run_id', '=', wanted)]));
  if (by.kind !== 'machine')
    query = query.where('scope_id', 'in', permittedWorkspaces(db, by, 'runs:read').select('scopes.id'));
  const rows = await query.limit(2).execute();
  const [first, second] = rows;
  const found = rows.find(({ id }) => id === wanted) ?? (second === undefined ? first : undefined);
  if (found !== undefined) return found;
  // Daemons choose the ids of runs, so that two of them can use the same one.
  const why = first === undefined ? 'There is no release' : 'There are several releases of run';
  throw new EscrowError('release-not-found', `${why} "${wanted.slice(0, 100)}".`);
}

/** Describes what a server has delivered, and what exists of it. */
export async function describeDelivery(db: Queries, id: string): Promise<DeliveryState> {
  const { state, expires_at, end_reason, last_error } = await db
    .selectFrom('deliveries')
    .select(['state', 'expires_at', 'end_reason', 'last_error'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const leases = await db
    .selectFrom('delivery_leases')
    .selectAll()
    .where('delivery_id', '=', id)
    .orderBy('target')
    .execute();
  return {
    ...{ release: id, state, expires: expires_at, endReason: end_reason, lastError: last_error },
    objects: leases.map((lease) => ({
      ...{ store: lease.store, target: lease.target, state: lease.state, placedAt: lease.placed_at },
      ...{ goneAt: lease.gone_at, attempts: lease.attempts, evidence: lease.check_result },
      lastError: lease.last_error,
    })),
  };
}

/** Returns the receipt of a release to a principal who may see the run. Throws `release-not-found`, `not-permitted`. */
export async function receiptOfRelease(
  ledger: Ledger,
  by: Principal,
  wanted: string,
): Promise<ReleaseReceipt> {
  const { db } = ledger;
  const { id, workspace, purged_at } = await findRelease(db, by, wanted);
  await authorize(db, by, 'runs:read', { workspace });
  const row = await selectReleases(db).where('releases.id', '=', id).executeTakeFirstOrThrow();
  const delivery = row.delivery === null ? null : await describeDelivery(db, id);
  const complete =
    delivery === null
      ? purged_at !== null
      : delivery.state === 'removed' && delivery.objects.every((one) => one.state === 'gone');
  return { release: describeRelease(row), delivery, complete, issuedAt: timeIn(ledger) };
}
