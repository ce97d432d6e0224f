import { lstatSync, rmSync } from 'node:fs';
import { step } from '../../system/steps.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';

const DAY_SECONDS = 24 * 3600;
/** Runs that are forgotten in one transaction. */
const BATCH = 200;

/**
 * Forgets runs that were purged `days` ago or earlier: their rows, their events, their output. Runs that are not
 * purged are never forgotten, however old, nor is what people did: the audit. Gives their number.
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
  // Files first: a row that is gone could not tell of a file that is still there.
  await step(deps.faults, 'prune.output', () => {
    for (const { output_file } of found) if (output_file !== null) removeOutput(output_file);
  });
  const ids = found.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await write(deps, 'prune.record', async (db) => {
    for (const table of ['pins', 'leases', 'tasks', 'exposures', 'trace_errors', 'task_jobs'] as const)
      await db.deleteFrom(table).where('run_id', 'in', ids).execute();
    await db.deleteFrom('journal').where('run_id', 'in', ids).where('principal', 'is', null).execute();
    await db.deleteFrom('runs').where('id', 'in', ids).execute();
  });
  return ids.length;
}

/** A directory that stands there is none of ours, and must not keep the rest from being forgotten. */
function removeOutput(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) rmSync(path, { force: true });
}
