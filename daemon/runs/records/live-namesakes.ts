import type { Queries } from '../../ledger/open.ts';
import { assertOneRun } from './assert-one-run.ts';
import { findRun, type RunRow } from './queries.ts';

/** More are not told: whoever has so many looks at `runs list`. */
const LISTED = 10;

/**
 * Returns the ids of the other runs that a name may mean too: those that have it as their run name and of which something
 * may be left. None where the run was found by its id. Nextflow keeps names unique within a launch directory only.
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

/** Finds the run to act on, as `findRun` does. Throws `run-ambiguous` where its name is that of another live run. */
export async function findOneRun(db: Queries, wanted: string): Promise<RunRow> {
  const found = await findRun(db, wanted);
  assertOneRun(wanted, found.id, await liveNamesakes(db, found, wanted));
  return found;
}
