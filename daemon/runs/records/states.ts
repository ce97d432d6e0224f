import type { Updateable } from 'kysely';
import type { Lease, Run } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { Tables } from '../../ledger/tables.ts';

/** Transitions of runs. Source: docs/architecture.md. */
export const runMoves: Readonly<Record<Run['state'], readonly Run['state'][]>> = {
  created: ['materialized', 'ended'],
  materialized: ['running', 'ended'],
  running: ['ended'],
  ended: ['purged'],
  purged: [],
};

/**
 * Transitions of leases. A lease whose removal failed stays `removing`, and the daemon retries. `unverified`: no object is
 * left to remove, but the removal of all objects cannot be proved.
 */
export const leaseMoves: Readonly<Record<Lease['state'], readonly Lease['state'][]>> = {
  intended: ['placed', 'removing'],
  placed: ['removing'],
  removing: ['gone', 'unverified'],
  gone: [],
  unverified: [],
};

/** States of leases whose object may still exist. */
export const openLeaseStates = (Object.keys(leaseMoves) as Lease['state'][]).filter(
  (state) => leaseMoves[state].length > 0,
);

type RunChange = Omit<Updateable<Tables['runs']>, 'id' | 'state'>;
type LeaseChange = Omit<Updateable<Tables['leases']>, 'id' | 'run_id' | 'state'>;

/**
 * Moves a run to a state and records that in the journal. Nothing else writes `runs.state`. Throws `state-conflict` if there
 * is no transition from the current state, because another process was faster.
 */
export async function moveRun(
  db: Queries,
  id: string,
  to: Run['state'],
  change: RunChange = {},
): Promise<void> {
  const result = await db
    .updateTable('runs')
    .set({ ...change, state: to })
    .where('id', '=', id)
    .where('state', 'in', statesBefore(runMoves, to))
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n)
    throw new EscrowError('state-conflict', `Cannot move run ${id} to state ${to}: its state has changed.`);
  const data = { outcome: change.outcome, evidence: change.outcome_evidence };
  await record(db, { run: id, type: `run.${to}`, data: to === 'ended' ? data : {} });
}

/** Moves a lease to a state, like `moveRun`. Nothing else writes `leases.state`. Throws `state-conflict`. */
export async function moveLease(
  db: Queries,
  lease: { id: string; run_id: string; target: string },
  to: Lease['state'],
  change: LeaseChange = {},
): Promise<void> {
  const result = await db
    .updateTable('leases')
    .set({ ...change, state: to })
    .where('id', '=', lease.id)
    .where('state', 'in', statesBefore(leaseMoves, to))
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n)
    throw new EscrowError(
      'state-conflict',
      `Cannot change the state of ${lease.target} to ${to}: its state has changed.`,
    );
  await record(db, { run: lease.run_id, type: `lease.${to}`, data: { target: lease.target } });
}

function statesBefore<State extends string>(
  moves: Readonly<Record<State, readonly State[]>>,
  to: State,
): State[] {
  return (Object.keys(moves) as State[]).filter((from) => moves[from].includes(to));
}
