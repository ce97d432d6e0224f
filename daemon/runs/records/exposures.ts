import { sql } from 'kysely';
import type { Exposure, ExposureEncoding, ExposureList } from '../../contract/types.ts';
import { permittedTitles } from '../../access/permitted-objects.ts';
import type { Principal } from '../../access/principal.ts';
import type { Queries } from '../../ledger/ledger.ts';

/** Limits: exposures of all runs, files per exposure of all runs, and files per exposure of one run. */
const LISTED = 100;
const FILES_IN_LIST = 10;
const FILES_IN_RECEIPT = 1000;

/**
 * Returns secrets whose values are in files that runs wrote, of one run or of all recorded runs that a principal may see. Newest runs come first, and
 * files of tasks before files of the run as a whole.
 */
export async function exposuresOf(db: Queries, run?: string, by?: Principal): Promise<Exposure[]> {
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
  if (by !== undefined && by.kind !== 'machine')
    query = query.where('runs.workspace', 'in', permittedTitles(db, by, 'runs:read'));
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
      ...(await filesOf(db, { run: id, secret, process }, most)),
    })),
  );
}

/** Lists the exposures of all recorded runs that a principal may see, with the number of all of these. */
export async function listExposures(db: Queries, by: Principal): Promise<ExposureList> {
  const { total, runs } = await db
    .selectFrom((select) => {
      const groups = select.selectFrom('exposures').select('run_id').groupBy(['run_id', 'secret', 'process']);
      if (by.kind === 'machine') return groups.as('groups');
      const titles = permittedTitles(db, by, 'runs:read');
      return groups
        .where('run_id', 'in', (visible) =>
          visible.selectFrom('runs').select('id').where('workspace', 'in', titles),
        )
        .as('groups');
    })
    .select(({ fn }) => [fn.countAll<number>().as('total'), fn.count<number>('run_id').distinct().as('runs')])
    .executeTakeFirstOrThrow();
  return { exposures: await exposuresOf(db, undefined, by), total, runs };
}

/** Returns the names of the secrets whose values are in the files of these runs, sorted by name. */
export async function exposedSecrets(
  db: Queries,
  runs: readonly string[],
): Promise<{ readonly run: string; readonly secret: string }[]> {
  return db
    .selectFrom('exposures')
    .select(['run_id as run', 'secret'])
    .distinct()
    .where('run_id', 'in', runs)
    .orderBy('secret')
    .execute();
}

/** Returns the names of exposed secrets by task, of the given tasks of a run. */
export async function exposedByTask(
  db: Queries,
  run: string,
  tasks: readonly string[],
): Promise<Map<string, string[]>> {
  if (tasks.length === 0) return new Map();
  const rows = await db
    .selectFrom('exposures')
    .select(['task_id', 'secret'])
    .distinct()
    .where('run_id', '=', run)
    .where('task_id', 'in', tasks)
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
): Promise<Pick<Exposure, 'files' | 'findings'>> {
  const rows = await db
    .selectFrom('exposures')
    .select(['path', 'task_id', 'encodings'])
    .where('run_id', '=', run)
    .where('secret', '=', secret)
    .where('process', process === null ? 'is' : '=', process)
    .orderBy('path')
    .limit(most)
    .execute();
  return {
    files: rows.map(({ path }) => path),
    findings: rows.map(({ path, task_id, encodings }) => ({
      file: path,
      task: task_id,
      encodings: JSON.parse(encodings) as ExposureEncoding[],
    })),
  };
}
