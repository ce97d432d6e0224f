import { asEscrowError, EscrowError } from '../../errors.ts';
import { step } from '../../system/steps.ts';
import { measure } from '../../system/telemetry.ts';
import { record } from '../../ledger/journal.ts';
import { dropUnneededVersions } from '../../vault/unneeded-versions.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import { isOver, leasesOf, locationOf, type LeaseRow } from '../records/queries.ts';
import { auditRun } from '../audit/audit-run.ts';
import { moveLease, moveRun } from '../records/states.ts';

/**
 * Removes everything that was placed for an ended run and verifies its absence. Does not throw if an object cannot be
 * removed: the ledger keeps it with the reason, and the daemon retries. Idempotent.
 */
export async function purgeRun(deps: RunDependencies, id: string): Promise<void> {
  await deps.removals.run(id, () => purge(deps, id));
}

/** Removes a run's leases in any state of the run. The caller has checked that this is permitted. */
export async function removeLeases(deps: RunDependencies, id: string): Promise<void> {
  await deps.removals.run(id, () => remove(deps, id));
}

async function purge(deps: RunDependencies, id: string): Promise<void> {
  await remove(deps, id);
  const leases = await leasesOf(deps.ledger.db, id);
  if (!leases.every(isOver)) return;
  // Audit first: the values may be deleted once the run is purged. All delivered secrets are removed by now.
  await auditRun(deps, id);
  const endedAt = await write(deps, 'run.record-purged', async (db) => {
    const run = await db
      .selectFrom('runs')
      .select(['state', 'ended_at'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    if (run.state !== 'ended') return null;
    await moveRun(db, id, 'purged', { purged_at: now(deps) });
    const pins = await db.deleteFrom('pins').where('run_id', '=', id).returning(['secret_id']).execute();
    await dropUnneededVersions(
      db,
      pins.map(({ secret_id }) => secret_id),
    );
    return run.ended_at;
  });
  await deps.redactors.drop(id);
  if (endedAt !== null)
    measure('purge', { seconds: Math.max(0, (deps.clock().getTime() - Date.parse(endedAt)) / 1000) });
}

async function remove(deps: RunDependencies, id: string): Promise<void> {
  const left = async (): Promise<LeaseRow[]> =>
    (await leasesOf(deps.ledger.db, id)).filter((lease) => !isOver(lease));
  const isLast = ({ store }: LeaseRow): boolean => deps.removers.get(store)?.removedLast === true;
  const leases = await left();
  await removeAll(
    deps,
    leases.filter((lease) => !isLast(lease)),
  );
  if ((await left()).every(isLast)) await removeAll(deps, leases.filter(isLast));
}

/** Waits for all removals, even if one fails, so that none overlaps with the next attempt. */
async function removeAll(deps: RunDependencies, leases: readonly LeaseRow[]): Promise<void> {
  const results = await Promise.allSettled(leases.map((lease) => removeLease(deps, lease)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function removeLease(deps: RunDependencies, lease: LeaseRow): Promise<void> {
  await write(deps, 'lease.record-removing', async (db) => {
    // Count the attempt first, so that one that crashes the daemon is counted too.
    await db
      .updateTable('leases')
      .set({ attempts: lease.attempts + 1 })
      .where('id', '=', lease.id)
      .execute();
    if (lease.state !== 'removing') await moveLease(db, lease, 'removing');
  });
  try {
    const store = deps.removers.get(lease.store);
    if (store === undefined) throw new Error(`this version of nf-escrow has no store ${lease.store}`);
    let place = locationOf(lease);
    const note = async (record: string): Promise<void> => {
      await noteRecord(deps, lease.id, record);
      place = { ...place, record };
    };
    await step(deps.faults, 'lease.remove', () => store.remove(place, note));
    const finding = await step(deps.faults, 'lease.inspect', () => store.inspect(place));
    if (finding.state === 'present') throw new Error(finding.evidence);
    const to = finding.state === 'absent' ? 'gone' : 'unverified';
    await write(deps, 'lease.record-gone', (db) =>
      moveLease(db, lease, to, {
        gone_at: now(deps),
        check_result: finding.evidence,
        last_error: null,
        last_error_code: null,
      }),
    );
    store.release?.(place);
  } catch (error) {
    const message = deps.redactors.redact(asEscrowError(error).message);
    const code = error instanceof EscrowError ? error.code : null;
    if (message === lease.last_error) return; // already recorded
    deps.log.error(
      { run: lease.run_id, target: lease.target, reason: message },
      'removal failed; the daemon will retry it',
    );
    await write(deps, 'lease.record-failed', async (db) => {
      await db
        .updateTable('leases')
        .set({ last_error: message, last_error_code: code })
        .where('id', '=', lease.id)
        .execute();
      const data = { target: lease.target, reason: message };
      await record(db, { run: lease.run_id, type: 'lease.removal-failed', data });
    });
  }
}

/** Saves a store's record during the removal of an object. */
async function noteRecord(deps: RunDependencies, lease: string, record: string): Promise<void> {
  await write(deps, 'lease.record-erased', (db) =>
    db.updateTable('leases').set({ record }).where('id', '=', lease).execute(),
  );
}
