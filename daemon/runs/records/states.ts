import type { Updateable } from 'kysely';
import type { Lease, Run } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/open.ts';
import type { Tables } from '../../ledger/tables.ts';

/** Where a run can go from each state: design.md, "The way of a run". */
export const runMoves: Readonly<Record<Run['state'], readonly Run['state'][]>> = {
  created: ['materialized', 'ended'],
  materialized: ['running', 'ended'],
  running: ['ended'],
  ended: ['purged'],
  purged: [],
};

/**
 * Where a lease can go from each state. A removal that failed stays `removing` and is tried again. `unverified`: nothing is
 * there that could be removed, and it cannot be told whether all that was placed is.
 */
export const leaseMoves: Readonly<Record<Lease['state'], readonly Lease['state'][]>> = {
  intended: ['placed', 'removing'],
  placed: ['removing'],
  removing: ['gone', 'unverified'],
  gone: [],
  unverified: [],
};

type RunChange = Omit<Updateable<Tables['runs']>, 'id' | 'state'>;
type LeaseChange = Omit<Updateable<Tables['leases']>, 'id' | 'run_id' | 'state'>;

/**
 * Moves a run, and notes it in the journal; nothing else writes `runs.state`. Throws `state-conflict` when the run is
 * in a state from which there is no way to `to`: someone else was faster.
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
    throw new EscrowError('state-conflict', `Run ${id} cannot become ${to} any more.`);
  const data = { outcome: change.outcome, evidence: change.outcome_evidence };
  await record(db, { run: id, type: `run.${to}`, data: to === 'ended' ? data : {} });
}

/** Moves a lease, and notes it in the journal; nothing else writes `leases.state`. Throws `state-conflict` likewise. */
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
    throw new EscrowError('state-conflict', `The lease on ${lease.target} cannot become ${to} any more.`);
  await record(db, { run: lease.run_id, type: `lease.${to}`, data: { target: lease.target } });
}

function statesBefore<State extends string>(
  moves: Readonly<Record<State, readonly State[]>>,
  to: State,
): State[] {
  return (Object.keys(moves) as State[]).filter((from) => moves[from].includes(to));
}
