import { randomUUID } from 'node:crypto';
import { accessFrom } from '../../aws/session/access.ts';
import type { Queries } from '../../ledger/open.ts';
import type { DefinitionEvent } from '../../nextflow/logs/events.ts';
import { partitionOf } from '../../contract/arn.ts';
import { now, type Engine } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf } from './queries.ts';
import { moveLease } from './states.ts';

const STORE = 'batch-job-definitions';

/**
 * Makes a lease of a job definition that the head has registered for the run, or is about to: all revisions of one name
 * are one object. False where the event cannot be true of this run. Repeatable: who adopts a run reads its events again.
 */
export async function noteDefinition(
  engine: Engine,
  db: Queries,
  run: string,
  event: DefinitionEvent,
): Promise<boolean> {
  const leases = await leasesOf(db, run);
  const secret = leases.find(({ store }) => store === 'aws-secrets-manager');
  if (secret === undefined) return false;
  const access = accessFrom(secret.anchor);
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
        anchor: JSON.stringify({ ...access, run }),
        state: 'intended',
        sent_at,
        created_at: now(engine),
        expires_at: now(engine, LEASE_SECONDS),
        tries: 0,
      })
      .execute();
    return true;
  }
  if (event.registered && found.state === 'intended')
    await moveLease(db, found, 'placed', { placed_at: now(engine), sent_at: null });
  else await db.updateTable('leases').set({ sent_at }).where('id', '=', found.id).execute();
  return true;
}
