import { notAuthenticated } from '../access/assert-current.ts';
import type { ReleaseReport } from '../contract/types.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import { step, type FaultInjector } from '../system/steps.ts';
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
    ledger.write((db) => applyReport(db, received, new Date(ledger.clock.now()).toISOString())),
  );
}

interface Received {
  readonly id: string;
  /** Of the credential. */
  readonly hash: string;
  readonly report: ReleaseReport;
}

async function applyReport(db: Queries, { id, hash, report }: Received, now: string): Promise<void> {
  const { epoch, sequence, state, outcome } = report;
  const known = await db
    .selectFrom('release_credentials')
    .innerJoin('releases', 'releases.id', 'release_credentials.release_id')
    .select(['releases.run_id', 'releases.workspace', 'releases.state', 'releases.outcome'])
    .select('releases.purged_at')
    .where('release_credentials.hash', '=', hash)
    .where('releases.id', '=', id)
    .executeTakeFirst();
  if (known === undefined) throw notAuthenticated();
  const { numUpdatedRows } = await db
    .updateTable('releases')
    .set({
      ...{ epoch, sequence, state, outcome, leases: JSON.stringify(report.leases), reported_at: now },
      purged_at: state === 'purged' ? (known.purged_at ?? now) : null,
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
  if (state !== 'created') await unpin(db, [id]); // the values have arrived
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
