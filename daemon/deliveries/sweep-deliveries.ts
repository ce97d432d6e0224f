import { SERVER_PLACE } from '../access/places.ts';
import { listServerEnvironments } from '../compute-envs/server-environments.ts';
import type { ComputeEnvironment, Leftovers } from '../contract/types.ts';
import { asEscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { Sweeper } from '../stores/sweeper.ts';
import { step } from '../system/steps.ts';
import type { Delivering } from './delivering.ts';

/** Finds objects of this ledger in the place of a compute environment that no delivery names, and removes those that have expired. */
export type SweepPlace = (
  environment: ComputeEnvironment,
  sweeper: Sweeper,
) => Promise<Leftovers['leftovers']>;

/** What a sweep has found in all places. */
interface Swept {
  /** Targets. */
  readonly removed: readonly string[];
  /** Why others were kept, by target. */
  readonly kept: readonly string[];
  /** Why places could not be searched. */
  readonly failed: readonly string[];
}

/**
 * Searches the places of all compute environments for secrets of this ledger that no delivery names, because rows that were committed before
 * a failover or after a backup are missing. An object that a live delivery names is never removed. One of an unknown run may be in use: it is
 * removed after its expiry. The audit log has the result.
 */
export async function sweepDeliveries(deps: Delivering, sweep: SweepPlace): Promise<Swept> {
  const { ledger, faults, owner } = deps;
  const sweeper: Sweeper = {
    ...{ owner, ledger: ledger.id, clock: () => ledger.clock.now() },
    runState: (run) => stateOfRun(ledger.db, run),
  };
  const found: { removed: string[]; kept: string[]; failed: string[] } = {
    removed: [],
    kept: [],
    failed: [],
  };
  for (const environment of await environmentsOf(deps))
    try {
      for (const one of await step(faults, 'deliveries.sweep', () => sweep(environment, sweeper)))
        if (one.removed) found.removed.push(one.target);
        else found.kept.push(`${one.target}: ${one.error ?? one.reason}`);
    } catch (error) {
      found.failed.push(`${environment.name}: ${asEscrowError(error).message}`);
    }
  if (found.removed.length + found.kept.length + found.failed.length > 0)
    await step(faults, 'deliveries.record-swept', () => ledger.write((db) => recordSwept(db, found)));
  return found;
}

async function recordSwept(db: Queries, found: Swept): Promise<void> {
  const data = { removed: [...found.removed], kept: [...found.kept], failed: [...found.failed] };
  await record(db, { type: 'server.swept', data, place: SERVER_PLACE });
}

/** A removed delivery is over, although its object still exists. */
async function stateOfRun(db: Queries, run: string): Promise<'open' | 'over' | 'unknown'> {
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('releases', 'releases.id', 'deliveries.id')
    .select('deliveries.state')
    .where('releases.run_id', '=', run)
    .execute();
  if (rows.length === 0) return 'unknown';
  return rows.every(({ state }) => state === 'removed') ? 'over' : 'open';
}

/** Returns the compute environments of all workspaces. One that the configuration no longer permits is left out: no identity is known for it. */
async function environmentsOf({ ledger, complete, log }: Delivering): Promise<ComputeEnvironment[]> {
  const scopes = await ledger.db
    .selectFrom('scopes')
    .select(['id', 'organization', 'name', 'visibility'])
    .where('id', 'in', (eb) => eb.selectFrom('server_environments').select('scope_id'))
    .execute();
  const found: ComputeEnvironment[] = [];
  for (const { visibility, ...scope } of scopes)
    for (const one of await listServerEnvironments(ledger.db, {
      ...{ ...scope, kind: 'workspace', visibility: visibility ?? 'private' },
    }))
      try {
        found.push(complete(one));
      } catch (error) {
        log.warn({ environment: one.name, reason: asEscrowError(error).message }, 'cannot sweep a place');
      }
  return found;
}
