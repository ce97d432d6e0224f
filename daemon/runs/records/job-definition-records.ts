import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import type { Queries } from '../../ledger/ledger.ts';
import type { DefinitionEvent } from '../../nextflow/logs/events.ts';
import { HELD_BY_SERVER } from '../../releases/held-by-server.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf } from './queries.ts';
import { rowLimits } from './reading/row-limit.ts';
import { moveLease } from './states.ts';

/**
 * Limits the number of job definitions that the events of one run may report. Each becomes a lease and costs requests to AWS
 * when it is removed. Definitions beyond the limit have the run's tags, and `nf-escrow sweep` finds them.
 */
export class DefinitionLimit {
  readonly #run: string;
  /** The names that a transaction has read or admitted. Another one reads them again: this one may be rolled back. */
  #known: { readonly by: Queries; readonly names: Set<string> } | undefined;

  constructor(run: string) {
    this.#run = run;
  }

  /** Must be called before `admit`, in the same transaction. */
  async prepare(db: Queries): Promise<void> {
    if (this.#known?.by === db) return;
    // Includes definitions of a previous daemon and, harmlessly, the other leases of the run.
    const leases = await leasesOf(db, this.#run);
    this.#known = { by: db, names: new Set(leases.map(({ target }) => basename(target))) };
  }

  admit(name: string): boolean {
    const names = this.#known?.names;
    if (names?.has(name) === true) return true;
    if (names === undefined || names.size >= rowLimits['job-definitions']) return false;
    names.add(name);
    return true;
  }
}

/**
 * Records a lease for a job definition that the head has registered or is about to register. All revisions of a name are one
 * object. Returns false if the event cannot be true for this run. Idempotent: a daemon that adopts a run reads its events
 * again.
 */
export async function recordJobDefinition(
  deps: RunDependencies,
  db: Queries,
  run: string,
  event: DefinitionEvent,
): Promise<boolean> {
  const leases = await leasesOf(db, run);
  for (const { jobDefinitions } of deps.platforms.values()) {
    const secrets = leases.find(
      ({ store }) => store === jobDefinitions?.secretsKind || store === HELD_BY_SERVER,
    );
    if (jobDefinitions === undefined || secrets === undefined) continue;
    const { kind } = jobDefinitions;
    const location = jobDefinitions.leaseOf(run, secrets.locator, event.name);
    // A lease in state `gone` was removed while the run continued. Later registrations must be removed too.
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
