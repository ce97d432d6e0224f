import { randomUUID } from 'node:crypto';
import { decodeLocator } from '../../aws/session/access.ts';
import type { Queries } from '../../ledger/open.ts';
import type { DefinitionEvent } from '../../nextflow/logs/events.ts';
import { partitionOf } from '../../contract/arn.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf } from './queries.ts';
import { moveLease } from './states.ts';

const STORE = 'batch-job-definitions';

/**
 * Makes a lease of a job definition that the head has registered for the run, or is about to: all revisions of one name
 * are one object. False where the event cannot be true of this run. Repeatable: who adopts a run reads its events again.
 */
export async function recordJobDefinition(
  deps: RunDependencies,
  db: Queries,
  run: string,
  event: DefinitionEvent,
): Promise<boolean> {
  const leases = await leasesOf(db, run);
  const secret = leases.find(({ store }) => store === 'aws-secrets-manager');
  if (secret === undefined) return false;
  const access = decodeLocator(secret.locator);
  const { region, account } = access;
  const target = `arn:${partitionOf(region)}:batch:${region}:${account}:job-definition/${event.name}`;
  // One that is gone was taken from a run that goes on: what is registered since then has to be removed too.
  const found = leases.find(
    (lease) => lease.store === STORE && lease.target === target && lease.state !== 'gone',
  );
  const sent_at = event.registered ? null : event.at;
  if (found === undefined) {
    await db
      .insertInto('leases')
      .values({
        id: randomUUID(),
        run_id: run,
        store: STORE,
        target,
        locator: JSON.stringify({ ...access, run }),
        state: 'intended',
        sent_at,
        created_at: now(deps),
        expires_at: now(deps, LEASE_SECONDS),
        attempts: 0,
      })
      .execute();
    return true;
  }
  if (event.registered && found.state === 'intended')
    await moveLease(db, found, 'placed', { placed_at: now(deps), sent_at: null });
  else await db.updateTable('leases').set({ sent_at }).where('id', '=', found.id).execute();
  return true;
}
