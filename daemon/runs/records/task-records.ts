import type { Task } from '../../contract/types.ts';
import type { Queries } from '../../ledger/open.ts';
import type { TracedTask } from '../../nextflow/logs/trace.ts';
import { now, type RunDependencies } from '../dependencies.ts';

/** Writes what an event of the plugin tells of a task: the newest state wins. */
export async function writeTask(db: Queries, run: string, task: Task): Promise<void> {
  const { hash, nativeId, name, status, exit, process, attempt, secrets } = task;
  const row = {
    ...{ hash, name, status, exit, process, attempt },
    native_id: nativeId,
    secrets: JSON.stringify(secrets),
  };
  await db
    .insertInto('tasks')
    .values({ run_id: run, task_id: task.taskId, ...row })
    .onConflict((conflict) => conflict.columns(['run_id', 'task_id']).doUpdateSet(row))
    .execute();
}

/**
 * Writes what a trace tells of a task, where no event told of its end: the trace has a row for each task that ended. A name
 * can forge a row; one that changes what events told has to know the task's hash.
 */
export async function writeTracedTask(db: Queries, run: string, task: TracedTask): Promise<void> {
  const { taskId, nativeId, ...rest } = task;
  const values = { run_id: run, task_id: taskId, native_id: nativeId, ...rest };
  await db
    .insertInto('tasks')
    .values(values)
    .onConflict((conflict) =>
      conflict
        .columns(['run_id', 'task_id'])
        .doUpdateSet({ status: rest.status, exit: rest.exit })
        .where('tasks.status', 'in', ['SUBMITTED', 'RUNNING'])
        .where((where) => where.or([where('tasks.hash', 'is', null), where('tasks.hash', '=', rest.hash)])),
    )
    .execute();
}

/** Notes that a task was given secrets: who used them last. */
export async function recordSecretUse(
  deps: RunDependencies,
  db: Queries,
  run: string,
  task: Task,
): Promise<void> {
  if (task.secrets.length === 0) return;
  await db
    .updateTable('secrets')
    .set({ last_used_at: now(deps), last_used_by: run, last_used_process: task.process })
    .where('name', 'in', task.secrets)
    .where('id', 'in', (pins) => pins.selectFrom('pins').select('secret_id').where('run_id', '=', run))
    .execute();
}

/** Sets a line aside that could not be read: by its number in the trace, negative for one of the plugin's events. */
export async function recordTraceError(db: Queries, run: string, row: number, reason: string): Promise<void> {
  await db
    .insertInto('trace_errors')
    .values({ run_id: run, row, reason })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
