import { sql, type Insertable } from 'kysely';
import type { Task } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { Tables } from '../../ledger/tables.ts';
import type { TracedTask } from '../../nextflow/logs/trace.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import type { DroppedRecords } from './reading/dropped-records.ts';
import { RowLimit, rowLimits } from './reading/row-limit.ts';

/** Limits of text lengths. The pipeline chooses names and tags, and tasks can forge the rest. */
const NAME_MAX = 500;
const TEXT_MAX = 200;

type TaskRow = Omit<Insertable<Tables['tasks']>, 'run_id'>;

/** A line that could not be read: its number in the trace, or the negative number of a plugin event. */
export interface UnreadLine {
  readonly row: number;
  readonly reason: string;
}

/** Writes the tasks of one run and its malformed lines to the ledger, in batches: a task may write millions of lines. */
export class TaskRecords {
  readonly #run: string;
  readonly #dropped: DroppedRecords;
  readonly #tasks: RowLimit;
  readonly #errors: RowLimit;

  constructor(run: string, dropped: DroppedRecords) {
    this.#run = run;
    this.#dropped = dropped;
    this.#tasks = new RowLimit(rowLimits.tasks, (db) => countRows(db, 'tasks', run));
    this.#errors = new RowLimit(rowLimits['trace-errors'], (db) => countRows(db, 'trace_errors', run));
  }

  /** Whether malformed lines are still recorded. */
  get takesErrors(): boolean {
    return !this.#errors.isFull;
  }

  /** Writes tasks from plugin events. The newest state wins. */
  async writeTasks(db: Queries, tasks: readonly Task[]): Promise<void> {
    const rows = tasks.map((task) => ({
      ...boundedRow(task),
      process: bounded(task.process, NAME_MAX),
      attempt: task.attempt,
      secrets: JSON.stringify(task.secrets),
    }));
    const admitted = await this.#admit(db, rows);
    if (admitted.length === 0) return;
    await db
      .insertInto('tasks')
      .values(admitted)
      .onConflict((conflict) =>
        conflict.columns(['run_id', 'task_id']).doUpdateSet((row) => ({
          hash: row.ref('excluded.hash'),
          native_id: row.ref('excluded.native_id'),
          name: row.ref('excluded.name'),
          status: row.ref('excluded.status'),
          exit: row.ref('excluded.exit'),
          duration_ms: row.ref('excluded.duration_ms'),
          process: row.ref('excluded.process'),
          attempt: row.ref('excluded.attempt'),
          secrets: row.ref('excluded.secrets'),
        })),
      )
      .execute();
  }

  /**
   * Writes tasks from a trace, which has a row for each ended task. A task name can forge a row. A row therefore changes a
   * task that has events only if it has the task's hash and the events did not report an end.
   */
  async writeTracedTasks(db: Queries, tasks: readonly TracedTask[]): Promise<void> {
    const admitted = await this.#admit(db, tasks.map(boundedRow));
    if (admitted.length === 0) return;
    await db
      .insertInto('tasks')
      .values(admitted)
      .onConflict((conflict) =>
        conflict
          .columns(['run_id', 'task_id'])
          .doUpdateSet((row) => ({
            status: row.ref('excluded.status'),
            exit: row.ref('excluded.exit'),
            duration_ms: row.ref('excluded.duration_ms'),
          }))
          .where('tasks.status', 'in', ['SUBMITTED', 'RUNNING'])
          .where((where) =>
            where.or([where('tasks.hash', 'is', null), where('tasks.hash', '=', where.ref('excluded.hash'))]),
          ),
      )
      .execute();
  }

  /** Records malformed lines. */
  async writeErrors(db: Queries, lines: readonly UnreadLine[]): Promise<void> {
    if (lines.length === 0) return;
    const remaining = await this.#errors.remaining(db, lines.length);
    const rows = lines.slice(0, remaining).map((line) => ({ run_id: this.#run, ...line }));
    if (rows.length < lines.length) await this.#dropped.noteDropped(db, 'trace-errors');
    if (rows.length === 0) return;
    this.#errors.add(db, rows.length);
    await db
      .insertInto('trace_errors')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Returns the rows that may be written: all known tasks, and new tasks up to the limit. */
  async #admit(db: Queries, rows: readonly TaskRow[]): Promise<(TaskRow & { run_id: string })[]> {
    const own = rows.map((row) => ({ run_id: this.#run, ...row }));
    if (own.length === 0) return own;
    let remaining = await this.#tasks.remaining(db, own.length);
    if (remaining >= own.length) {
      this.#tasks.add(db, own.length);
      return own;
    }
    const known = await this.#known(db, rows);
    const admitted = own.filter(({ task_id }) => known.has(task_id) || (remaining -= 1) >= 0);
    this.#tasks.add(db, admitted.length);
    if (admitted.length < own.length) await this.#dropped.noteDropped(db, 'tasks');
    return admitted;
  }

  async #known(db: Queries, rows: readonly TaskRow[]): Promise<Set<string>> {
    const ids = rows.map(({ task_id }) => task_id);
    const known = await db
      .selectFrom('tasks')
      .select('task_id')
      .where('run_id', '=', this.#run)
      .where('task_id', 'in', ids)
      .execute();
    return new Set(known.map(({ task_id }) => task_id));
  }
}

/** Records which run and process used secrets last. */
export async function recordSecretUse(
  deps: RunDependencies,
  db: Queries,
  run: string,
  { secrets, process }: Pick<Task, 'secrets' | 'process'>,
): Promise<void> {
  if (secrets.length === 0) return;
  await db
    .updateTable('secrets')
    .set({ last_used_at: now(deps), last_used_by: run, last_used_process: bounded(process, NAME_MAX) })
    .where('name', 'in', secrets)
    .where('id', 'in', (pins) => pins.selectFrom('pins').select('secret_id').where('run_id', '=', run))
    .execute();
}

export async function countRows(
  db: Queries,
  table: 'tasks' | 'trace_errors' | 'task_jobs' | 'secret_uses' | 'exposures',
  run: string,
): Promise<number> {
  const { count } = await db
    .selectFrom(table)
    .select(sql<number>`count(*)`.as('count'))
    .where('run_id', '=', run)
    .executeTakeFirstOrThrow();
  return count;
}

function boundedRow({ taskId, hash, nativeId, name, status, exit, durationMs }: TracedTask) {
  return {
    task_id: taskId.slice(0, TEXT_MAX),
    hash: bounded(hash),
    native_id: bounded(nativeId),
    name: bounded(name, NAME_MAX),
    status: bounded(status),
    exit: bounded(exit),
    duration_ms: durationMs,
  };
}

function bounded(text: string | null, most = TEXT_MAX): string | null {
  return text === null ? null : text.slice(0, most);
}
