import type { Exposure } from '../../contract/types.ts';
import type { Queries } from '../../ledger/open.ts';

/** So many of the newest are told. */
const LIMIT = 100;

/**
 * Secrets whose values pipelines themselves wrote into files of their tasks, which stay in work directories: of one run,
 * or of all that are remembered; newest runs first.
 */
export async function exposuresOf(db: Queries, run?: string): Promise<Exposure[]> {
  let query = db
    .selectFrom('tasks')
    .innerJoin('runs', 'runs.id', 'tasks.run_id')
    .select(['runs.id', 'runs.run_name', 'tasks.process', 'tasks.exposed'])
    .where('tasks.exposed', '<>', '[]');
  if (run !== undefined) query = query.where('runs.id', '=', run);
  const found = new Map<string, Exposure>();
  for (const row of await query.orderBy('runs.created_at', 'desc').orderBy('tasks.task_id').execute())
    for (const secret of JSON.parse(row.exposed) as string[]) {
      const key = `${row.id} ${secret} ${row.process ?? ''}`;
      const tasks = (found.get(key)?.tasks ?? 0) + 1;
      found.set(key, { run: row.id, runName: row.run_name, secret, process: row.process, tasks });
    }
  return [...found.values()].slice(0, LIMIT);
}
