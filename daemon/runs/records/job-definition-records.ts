import { randomUUID } from 'node:crypto';
import type { Queries } from '../../ledger/open.ts';
import type { DefinitionEvent } from '../../nextflow/logs/events.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf } from './queries.ts';
import { moveLease } from './states.ts';

/**
 * Records a lease for a job definition that the head has registered, or is about to: all revisions of one name are one
 * object. Returns false where the event cannot be true for this run. Idempotent: a daemon that adopts a run reads its
 * events again.
 */
export async function recordJobDefinition(
  deps: RunDependencies,
  db: Queries,
  run: string,
  event: DefinitionEvent,
): Promise<boolean> {
  const leases = await leasesOf(db, run);
  for (const { jobDefinitions } of deps.platforms.values()) {
    const secrets = leases.find(({ store }) => store === jobDefinitions?.secretsKind);
    if (jobDefinitions === undefined || secrets === undefined) continue;
    const { kind } = jobDefinitions;
    const location = jobDefinitions.leaseOf(run, secrets.locator, event.name);
    // A lease that is gone was removed from a run that continues: what is registered since then must be removed too.
    const found = leases.find(
      ({ store, target, state }) => store === kind && target === location.target && state !== 'gone',
    );
    const sent_at = event.registered ? null : event.at;
    if (found === undefined)
      await db
        .insertInto('leases')
        .values({
          id: randomUUID(),
          run_id: run,
          store: kind,
          ...location,
          state: 'intended',
          sent_at,
          created_at: now(deps),
          expires_at: now(deps, LEASE_SECONDS),
          attempts: 0,
        })
        .execute();
    else if (event.registered && found.state === 'intended')
      await moveLease(db, found, 'placed', { placed_at: now(deps), sent_at: null });
    else await db.updateTable('leases').set({ sent_at }).where('id', '=', found.id).execute();
    return true;
  }
  return false;
}
