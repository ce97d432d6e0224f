import { notAuthenticated } from '../access/assert-current.ts';
import type { DeliveryState, ReleaseReport } from '../contract/types.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { DELIVERY_SECONDS, extendDelivery, requestRemoval } from './delivery-rows.ts';
import { unpin } from './pinned-versions.ts';
import { hashOfCredential, isReleaseCredential } from './release-credential.ts';

/**
 * Records a report of the daemon on a release. Reports arrive at least once and in any order. A report that is not newer than
 * the recorded one changes nothing. The only requirement is the credential of the release, so that the server receives the end
 * of a run even after its principal lost the role or the account. Throws `unauthenticated` for a credential that this release
 * does not have.
 */
export async function reportRelease(
  { ledger, faults }: { readonly ledger: Ledger; readonly faults: FaultInjector },
  id: string,
  credential: string | undefined,
  report: ReleaseReport,
): Promise<void> {
  if (credential === undefined || !isReleaseCredential(credential)) throw notAuthenticated(); // without a query
  const received = { id, hash: hashOfCredential(credential), report };
  await step(faults, 'report.apply', () =>
    ledger.write((db) => applyReport(db, { ...received, ...timesOf(ledger) })),
  );
}

interface Received {
  readonly id: string;
  /** Of the credential. */
  readonly hash: string;
  readonly report: ReleaseReport;
  readonly now: string;
  /** When what the server itself has delivered expires without a further report. */
  readonly expiresAt: string;
}

function timesOf({ clock }: Pick<Ledger, 'clock'>): Pick<Received, 'now' | 'expiresAt'> {
  const at = (seconds: number): string => new Date(clock.now() + seconds * 1000).toISOString();
  return { now: at(0), expiresAt: at(DELIVERY_SECONDS) };
}

/** What the server itself has delivered is purged when the server has verified that. */
function purgedAt(
  known: { readonly purged_at: string | null; readonly delivery: DeliveryState['state'] | null },
  state: ReleaseReport['state'],
  now: string,
): string | null {
  if (known.delivery === null) return state === 'purged' ? (known.purged_at ?? now) : null;
  return known.delivery === 'removed' ? known.purged_at : null;
}

async function applyReport(
  db: Queries,
  { id: wanted, hash, report, now, expiresAt }: Received,
): Promise<void> {
  const { epoch, sequence, state, outcome } = report;
  const known = await db
    .selectFrom('release_credentials')
    .innerJoin('releases', 'releases.id', 'release_credentials.release_id')
    .select(['releases.id', 'releases.run_id', 'releases.workspace', 'releases.state', 'releases.outcome'])
    .select('releases.purged_at')
    .select((eb) =>
      eb
        .selectFrom('deliveries')
        .select('deliveries.state')
        .whereRef('deliveries.id', '=', 'releases.id')
        .as('delivery'),
    )
    .where('release_credentials.hash', '=', hash)
    // The id of the run stands for that of the release if the response with it was lost.
    .where((where) => where.or([where('releases.id', '=', wanted), where('releases.run_id', '=', wanted)]))
    .executeTakeFirst();
  if (known === undefined) throw notAuthenticated();
  const { id } = known;
  const { numUpdatedRows } = await db
    .updateTable('releases')
    .set({
      ...{ epoch, sequence, state, outcome, leases: JSON.stringify(report.leases), reported_at: now },
      purged_at: purgedAt(known, state, now),
    })
    .where('id', '=', id)
    .where((where) =>
      where.or([
        where('epoch', '<', epoch),
        where.and([where('epoch', '=', epoch), where('sequence', '<', sequence)]),
      ]),
    )
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  if (known.delivery !== null) {
    if (state === 'purged') await requestRemoval(db, id, 'run-ended', now);
    else await extendDelivery(db, id, expiresAt);
  }
  if (state !== 'created' && known.delivery !== 'placing') await unpin(db, [id]); // the values have arrived
  if (state === known.state && outcome === known.outcome) return;
  const data = { workspace: known.workspace, release: id, run: known.run_id, state, outcome };
  await record(db, { type: 'release.reported', data });
}

/** Returns the id of the release that a credential belongs to. */
export async function findReleaseOf(db: Queries, credential: string): Promise<string | undefined> {
  if (!isReleaseCredential(credential)) return undefined; // without a query
  const found = await db
    .selectFrom('release_credentials')
    .select('release_id')
    .where('hash', '=', hashOfCredential(credential))
    .executeTakeFirst();
  return found?.release_id;
}
