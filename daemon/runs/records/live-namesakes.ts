import type { Queries } from '../../ledger/ledger.ts';
import { assertOneRun } from './assert-one-run.ts';
import { findRun, type RunRow } from './queries.ts';

/** Limit of returned ids. With more, the user is better served by `runs list`. */
const LISTED = 10;

/**
 * Returns the ids of other runs with the same run name that are not purged. Empty if the run was found by its id. Nextflow
 * keeps run names unique only within a launch directory.
 */
export async function liveNamesakes(db: Queries, found: RunRow, wanted: string): Promise<string[]> {
  if (found.run_name !== wanted || found.id === wanted) return [];
  const others = await db
    .selectFrom('runs')
    .select('id')
    .where('run_name', '=', wanted)
    .where('state', '!=', 'purged')
    .where('id', '!=', found.id)
    .orderBy('created_at', 'desc')
    .limit(LISTED)
    .execute();
  return others.map(({ id }) => id);
}

/** Finds the run to act on, like `findRun`. Throws `run-ambiguous` if another live run has the same name. */
export async function findOneRun(db: Queries, wanted: string): Promise<RunRow> {
  const found = await findRun(db, wanted);
  assertOneRun(wanted, found.id, await liveNamesakes(db, found, wanted));
  return found;
}
