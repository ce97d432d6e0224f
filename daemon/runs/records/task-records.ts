import { sql, type Insertable } from 'kysely';
import type { Task } from '../../contract/types.ts';
import type { Queries } from '../../ledger/open.ts';
import type { Tables } from '../../ledger/tables.ts';
import type { TracedTask } from '../../nextflow/logs/trace.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import type { DroppedRecords } from './reading/dropped-records.ts';
import { RowLimit, rowLimits } from './reading/row-limit.ts';

/** Names and tags are of the pipeline's making, and the rest is anybody's who can write the files they are from. */
const NAME_MAX = 500;
const TEXT_MAX = 200;

type TaskRow = Omit<Insertable<Tables['tasks']>, 'run_id'>;

/** A line that could not be read: by its number in the trace, negative for one of the plugin's events. */
export interface UnreadLine {
  readonly row: number;
  readonly reason: string;
}

/** The tasks of one run, and the lines that tell of none, in the ledger. One statement for many: a task may write millions. */
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

  /** Whether lines that cannot be read are still set aside. */
  get takesErrors(): boolean {
    return !this.#errors.isFull;
  }

  /** Writes what events of the plugin tell of tasks: the newest state wins. */
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
          process: row.ref('excluded.process'),
          attempt: row.ref('excluded.attempt'),
          secrets: row.ref('excluded.secrets'),
        })),
      )
      .execute();
  }

  /**
   * Writes what a trace tells of tasks, where no event told of their end: it has a row for each task that ended. A name can
   * forge a row; one that changes what events told has to know the task's hash.
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
          .doUpdateSet((row) => ({ status: row.ref('excluded.status'), exit: row.ref('excluded.exit') }))
          .where('tasks.status', 'in', ['SUBMITTED', 'RUNNING'])
          .where((where) =>
            where.or([where('tasks.hash', 'is', null), where('tasks.hash', '=', where.ref('excluded.hash'))]),
          ),
      )
      .execute();
  }

  /** Sets lines aside. */
  async writeErrors(db: Queries, lines: readonly UnreadLine[]): Promise<void> {
    if (lines.length === 0) return;
    const room = await this.#errors.room(db, lines.length);
    const rows = lines.slice(0, room).map((line) => ({ run_id: this.#run, ...line }));
    if (rows.length < lines.length) await this.#dropped.noteDropped(db, 'trace-errors');
    if (rows.length === 0) return;
    this.#errors.add(rows.length);
    await db
      .insertInto('trace_errors')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Those that may be written: of tasks that are not known yet no more than there is room for. */
  async #admit(db: Queries, rows: readonly TaskRow[]): Promise<(TaskRow & { run_id: string })[]> {
    const own = rows.map((row) => ({ run_id: this.#run, ...row }));
    if (own.length === 0) return own;
    let room = await this.#tasks.room(db, own.length);
    if (room >= own.length) {
      this.#tasks.add(own.length);
      return own;
    }
    const known = await this.#known(db, rows);
    const admitted = own.filter(({ task_id }) => known.has(task_id) || (room -= 1) >= 0);
    this.#tasks.add(admitted.length);
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

/** Notes that tasks of a process were given secrets: who used them last. */
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
  table: 'tasks' | 'trace_errors' | 'task_jobs',
  run: string,
): Promise<number> {
  const { count } = await db
    .selectFrom(table)
    .select(sql<number>`count(*)`.as('count'))
    .where('run_id', '=', run)
    .executeTakeFirstOrThrow();
  return count;
}

function boundedRow({ taskId, hash, nativeId, name, status, exit }: TracedTask) {
  return {
    task_id: taskId.slice(0, TEXT_MAX),
    hash: bounded(hash),
    native_id: bounded(nativeId),
    name: bounded(name, NAME_MAX),
    status: bounded(status),
    exit: bounded(exit),
  };
}

function bounded(text: string | null, most = TEXT_MAX): string | null {
  return text === null ? null : text.slice(0, most);
}
