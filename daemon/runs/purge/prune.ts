import { lstatSync, rmSync } from 'node:fs';
import { step } from '../../system/steps.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';

const DAY_SECONDS = 24 * 3600;
/** Number of runs that are deleted in one transaction. */
const BATCH = 200;

/**
 * Deletes the records of runs that were purged `days` days ago or earlier: rows, events and output files. Keeps runs that
 * are not purged, and the audit log. Returns the number of deleted runs.
 */
export async function pruneRuns(deps: RunDependencies, days: number): Promise<number> {
  const before = now(deps, -days * DAY_SECONDS);
  let pruned = 0;
  for (let count = BATCH; count === BATCH; pruned += count) count = await pruneSome(deps, before);
  return pruned;
}

async function pruneSome(deps: RunDependencies, before: string): Promise<number> {
  const found = await deps.ledger.db
    .selectFrom('runs')
    .select(['id', 'output_file'])
    .where('state', '=', 'purged')
    .where('purged_at', '<=', before)
    .limit(BATCH)
    .execute();
  // Files first: without the row, nothing would refer to a file that remains.
  await step(deps.faults, 'prune.output', () => {
    for (const { output_file } of found) if (output_file !== null) removeOutput(output_file);
  });
  const ids = found.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await write(deps, 'prune.record', async (db) => {
    for (const table of [
      'pins',
      'secret_uses',
      'leases',
      'tasks',
      'exposures',
      'masked_files',
      'trace_errors',
      'task_jobs',
    ] as const)
      await db.deleteFrom(table).where('run_id', 'in', ids).execute();
    await db.deleteFrom('journal').where('run_id', 'in', ids).where('principal', 'is', null).execute();
    await db.deleteFrom('runs').where('id', 'in', ids).execute();
  });
  return ids.length;
}

/** Removes an output file. A directory at this path is not ours, and must not stop the deletion of other runs. */
function removeOutput(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) rmSync(path, { force: true });
}
