import { sql } from 'kysely';
import type { Exposure } from '../../contract/types.ts';
import type { Queries } from '../../ledger/open.ts';

/** Limits: exposures of all runs, files per exposure of all runs, and files per exposure of one run. */
const LISTED = 100;
const FILES_IN_LIST = 10;
const FILES_IN_RECEIPT = 1000;

/**
 * Returns secrets whose values are in files that runs wrote, of one run or of all recorded runs. Newest runs come first, and
 * files of tasks before files of the run as a whole.
 */
export async function exposuresOf(db: Queries, run?: string): Promise<Exposure[]> {
  let query = db
    .selectFrom('exposures')
    .innerJoin('runs', 'runs.id', 'exposures.run_id')
    .select((select) => [
      'runs.id',
      'runs.run_name',
      'exposures.secret',
      'exposures.process',
      select.fn.count<number>('exposures.task_id').distinct().as('tasks'),
      select.fn.countAll<number>().as('files'),
    ])
    .groupBy(['runs.id', 'exposures.secret', 'exposures.process']);
  if (run !== undefined) query = query.where('runs.id', '=', run);
  const rows = await query
    .orderBy('runs.created_at', 'desc')
    .orderBy(sql`exposures.process is null`)
    .orderBy('exposures.secret')
    .orderBy('exposures.process')
    .limit(LISTED)
    .execute();
  const most = run === undefined ? FILES_IN_LIST : FILES_IN_RECEIPT;
  return Promise.all(
    rows.map(async ({ id, run_name, secret, process, tasks, files }) => ({
      run: id,
      runName: run_name,
      secret,
      process,
      tasks,
      fileCount: files,
      files: await filesOf(db, { run: id, secret, process }, most),
    })),
  );
}

/** Returns the names of the secrets whose values are in a run's files. */
export async function exposedSecrets(db: Queries, run: string): Promise<string[]> {
  const rows = await db
    .selectFrom('exposures')
    .select('secret')
    .distinct()
    .where('run_id', '=', run)
    .orderBy('secret')
    .execute();
  return rows.map(({ secret }) => secret);
}

/** Returns the names of exposed secrets by task. */
export async function exposedByTask(db: Queries, run: string): Promise<Map<string, string[]>> {
  const rows = await db
    .selectFrom('exposures')
    .select(['task_id', 'secret'])
    .distinct()
    .where('run_id', '=', run)
    .where('task_id', 'is not', null)
    .orderBy('secret')
    .execute();
  const found = new Map<string, string[]>();
  for (const { task_id, secret } of rows)
    if (task_id !== null) found.set(task_id, [...(found.get(task_id) ?? []), secret]);
  return found;
}

async function filesOf(
  db: Queries,
  { run, secret, process }: { run: string; secret: string; process: string | null },
  most: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('exposures')
    .select('path')
    .where('run_id', '=', run)
    .where('secret', '=', secret)
    .where('process', process === null ? 'is' : '=', process)
    .orderBy('path')
    .limit(most)
    .execute();
  return rows.map(({ path }) => path);
}
