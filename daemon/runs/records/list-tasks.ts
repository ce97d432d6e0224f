import { sql, type Selectable } from 'kysely';
import { assertOnePosition, pageOf, readCursor, type PageRequest } from '../../contract/page.ts';
import type { Task, TaskList, TaskQuery } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { Tables } from '../../ledger/tables.ts';
import { exposedByTask } from './exposures.ts';
import { countRows } from './task-records.ts';

/** Filter for the tasks of a run. All given conditions must match. */
export type TaskFilter = PageRequest & Omit<TaskQuery, 'limit' | 'cursor'>;

type Status = NonNullable<TaskQuery['status']>;
type Counts = TaskList['counts'];

/** The statuses of Nextflow (nextflow.processor.TaskStatus) and of cached tasks. */
const NONE: Readonly<Counts> = {
  NEW: 0,
  SUBMITTED: 0,
  RUNNING: 0,
  COMPLETED: 0,
  FAILED: 0,
  ABORTED: 0,
  CACHED: 0,
  OTHER: 0,
};

/** Lists tasks in the order of their ids, and counts all tasks of the run by status. Throws `cursor-invalid`, `request-invalid`. */
export async function listTasks(
  db: Queries,
  run: string,
  { limit, cursor, offset, status, process }: TaskFilter,
): Promise<TaskList> {
  assertOnePosition({ cursor, offset });
  const collection = `tasks of ${run}`;
  const after = readCursor(collection, cursor, ['number', 'string']);
  let query = db.selectFrom('tasks').selectAll().where('run_id', '=', run);
  if (status !== undefined) query = query.where('status', '=', status);
  if (process !== undefined) query = query.where('process', '=', process);
  if (after !== undefined)
    query = query.where(sql<boolean>`(id_length, task_id) > (${after[0]}, ${after[1]})`);
  const rows = await query
    .orderBy('id_length')
    .orderBy('task_id')
    .limit(limit + 1)
    .offset(offset ?? 0)
    .execute();
  const { items, next } = pageOf(collection, rows, limit, (row) => [row.id_length, row.task_id]);
  const exposed = await exposedByTask(
    db,
    run,
    items.map(({ task_id }) => task_id),
  );
  return {
    tasks: items.map((row) => describeTask(row, exposed.get(row.task_id) ?? [])),
    counts: await countByStatus(db, run),
    traceErrors: await countRows(db, 'trace_errors', run),
    ...(next === undefined ? {} : { next }),
  };
}

/** Counts the tasks of a run by Nextflow's status. Any other status counts as `OTHER`. */
export async function countByStatus(db: Queries, run: string): Promise<Counts> {
  const rows = await db
    .selectFrom('tasks')
    .select(['status', sql<number>`count(*)`.as('count')])
    .where('run_id', '=', run)
    .groupBy('status')
    .execute();
  const counts = { ...NONE };
  // A trace can contain any text as status.
  for (const { status, count } of rows) counts[isStatus(status) ? status : 'OTHER'] += count;
  return counts;
}

function isStatus(text: string | null): text is Status {
  return text !== null && text !== 'OTHER' && Object.hasOwn(NONE, text);
}

function describeTask(row: Selectable<Tables['tasks']>, exposed: string[]): Task {
  const { task_id, hash, native_id, name, status, exit, process, attempt, duration_ms } = row;
  return {
    taskId: task_id,
    hash,
    nativeId: native_id,
    name,
    status,
    exit,
    process,
    attempt,
    durationMs: duration_ms,
    secrets: JSON.parse(row.secrets) as string[],
    exposed,
  };
}
