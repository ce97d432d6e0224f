import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import type { Queries } from '../../ledger/open.ts';
import type { DefinitionEvent } from '../../nextflow/logs/events.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf } from './queries.ts';
import { rowLimits } from './reading/row-limit.ts';
import { moveLease } from './states.ts';

/**
 * Bounds how many job definitions the events of one run may tell of: each becomes a lease, and costs requests to AWS when it
 * is removed. What is beyond carries the run's tags, and `nf-escrow sweep` finds it.
 */
export class DefinitionLimit {
  readonly #run: string;
  #names: Set<string> | undefined;

  constructor(run: string) {
    this.#run = run;
  }

  /** Called before `admit` is, in the same transaction. */
  async prepare(db: Queries): Promise<void> {
    // Of another daemon's time: more than enough, as the run's other leases are among them.
    this.#names ??= new Set((await leasesOf(db, this.#run)).map(({ target }) => basename(target)));
  }

  admit(name: string): boolean {
    if (this.#names?.has(name) === true) return true;
    if (this.#names === undefined || this.#names.size >= rowLimits['job-definitions']) return false;
    this.#names.add(name);
    return true;
  }
}

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
