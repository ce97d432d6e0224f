import type { Queries } from '../../ledger/ledger.ts';

/** A number of rows with the same labels. */
interface Count<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly count: number;
}

/** Counts runs by state and outcome. */
export async function countRuns(db: Queries): Promise<Count<'state' | 'outcome'>[]> {
  const rows = await db
    .selectFrom('runs')
    .select((select) => ['state', 'outcome', select.fn.countAll<number>().as('count')])
    .groupBy(['state', 'outcome'])
    .execute();
  return rows.map(({ state, outcome, count }) => ({ labels: { state, outcome: outcome ?? 'none' }, count }));
}

/** Counts leases by store and state. */
export async function countLeases(db: Queries): Promise<Count<'store' | 'state'>[]> {
  const rows = await db
    .selectFrom('leases')
    .select((select) => ['store', 'state', select.fn.countAll<number>().as('count')])
    .groupBy(['store', 'state'])
    .execute();
  return rows.map(({ store, state, count }) => ({ labels: { store, state }, count }));
}
