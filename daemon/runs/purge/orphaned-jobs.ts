import type { OrphanedJob } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/open.ts';
import type { TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { step } from '../../system/steps.ts';
import { write, type RunDependencies } from '../dependencies.ts';

/** A job whose head is gone, and whose it was. */
export type OrphanedJobRow = OrphanedJob & { readonly run: string };

/** AWS's ids; behind a colon which one of a job array. A task of another executor in such a run has another kind. */
const BATCH_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::\d{1,5})?$/;

/** Notes what a head's log tells of its jobs. Repeatable: who adopts a run reads its log from the start again. */
export async function recordTaskJob(db: Queries, run: string, line: TaskJobEvent): Promise<void> {
  if ('submitted' in line) {
    const { executor, id, name } = line.submitted;
    await db
      .insertInto('task_jobs')
      .values({ run_id: run, executor, job_id: id, name, state: 'submitted' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  } else {
    await db
      .updateTable('task_jobs')
      .set({ state: 'completed' })
      .where('run_id', '=', run)
      .where('job_id', '=', line.completed)
      .where('state', '=', 'submitted')
      .execute();
  }
}

/** Jobs of heads that are gone, which may live on: of one run, or of all. */
export async function orphanedJobsOf(db: Queries, run?: string): Promise<OrphanedJobRow[]> {
  let query = db.selectFrom('task_jobs').selectAll().where('state', '=', 'orphaned');
  if (run !== undefined) query = query.where('run_id', '=', run);
  const rows = await query.orderBy('job_id').execute();
  return rows.map(({ run_id, executor, job_id, name }) => ({
    run: run_id,
    executor: executor as OrphanedJob['executor'],
    id: job_id,
    name,
  }));
}

/** When a head is over: what it had submitted and not seen end, it has left behind. Within the transaction of its end. */
export async function recordOrphanedJobs(db: Queries, run: string): Promise<void> {
  await recordBatchJobs(db, run);
  const left = await db
    .updateTable('task_jobs')
    .set({ state: 'orphaned' })
    .where('run_id', '=', run)
    .where('state', '=', 'submitted')
    .returning('job_id')
    .execute();
  if (left.length === 0) return;
  await record(db, { run, type: 'run.jobs-orphaned', data: { jobs: left.map(({ job_id }) => job_id) } });
}

/** Of jobs on AWS Batch the plugin's events tell, not the log. */
async function recordBatchJobs(db: Queries, run: string): Promise<void> {
  if ((await awsLocator(db, run)) === undefined) return;
  const tasks = await db
    .selectFrom('tasks')
    .select(['native_id', 'name'])
    .where('run_id', '=', run)
    .where('status', 'in', ['SUBMITTED', 'RUNNING'])
    .execute();
  for (const { native_id: id, name } of tasks)
    if (id !== null && BATCH_ID.test(id))
      await recordTaskJob(db, run, { submitted: { executor: 'awsbatch', id, name: name ?? id } });
}

/** What is told of a job in the description of the run that left it. */
export function describeOrphanedJob({ run: _run, ...job }: OrphanedJobRow): OrphanedJob {
  return job;
}

/**
 * Asks for the end of what a run has left behind; gives what that was. `by`: who wants that; absent where the daemon does
 * so by itself. Throws `scheduler-unavailable`, `aws-*`, `store-unavailable`.
 */
export async function cancelOrphanedJobs(
  deps: RunDependencies,
  run: string,
  by?: string,
): Promise<OrphanedJobRow[]> {
  const orphans = await orphanedJobsOf(deps.ledger.db, run);
  if (orphans.length === 0) return [];
  const onBatch: string[] = [];
  for (const { executor, id } of orphans)
    if (executor === 'awsbatch') onBatch.push(id);
    else await step(deps.faults, 'orphans.cancel', () => deps.jobStatus.scheduler(executor).cancel(id));
  if (onBatch.length > 0) {
    const locator = (await awsLocator(deps.ledger.db, run)) ?? null;
    await step(deps.faults, 'orphans.cancel', () => deps.batchJobs.terminate(locator, onBatch));
  }
  const entry = { run, type: 'run.orphaned-jobs-cancelled', data: { jobs: orphans.map(({ id }) => id) } };
  await write(deps, 'orphans.record', (db) => record(db, by === undefined ? entry : { ...entry, by }));
  return orphans;
}

/** Takes those off the list that are over by now; gives how many are left, of one run or of all. */
export async function refreshOrphanedJobs(deps: RunDependencies, run?: string): Promise<number> {
  const orphans = await orphanedJobsOf(deps.ledger.db, run);
  const over = [...(await endedOnScheduler(deps, orphans)), ...(await endedOnBatch(deps, orphans))];
  for (const job of over)
    await write(deps, 'orphans.record', (db) =>
      db
        .updateTable('task_jobs')
        .set({ state: 'gone' })
        .where('run_id', '=', job.run)
        .where('job_id', '=', job.id)
        .execute(),
    );
  return orphans.length - over.length;
}

async function endedOnScheduler(
  deps: RunDependencies,
  orphans: readonly OrphanedJobRow[],
): Promise<OrphanedJobRow[]> {
  const phaseOf = ({ executor, id }: OrphanedJobRow): string | undefined =>
    executor === 'awsbatch' ? undefined : deps.jobStatus.status(executor, id)?.phase;
  orphans.forEach(phaseOf); // asks for all of them at once
  await deps.jobStatus.settled();
  return orphans.filter((job) => ['ended', 'forgotten'].includes(phaseOf(job) ?? ''));
}

/** Where AWS cannot be asked nothing is known, and so nothing is over. */
async function endedOnBatch(
  deps: RunDependencies,
  orphans: readonly OrphanedJobRow[],
): Promise<OrphanedJobRow[]> {
  const onBatch = orphans.filter(({ executor }) => executor === 'awsbatch');
  const over: OrphanedJobRow[] = [];
  for (const run of new Set(onBatch.map((job) => job.run))) {
    const jobs = onBatch.filter((job) => job.run === run);
    try {
      const locator = (await awsLocator(deps.ledger.db, run)) ?? null;
      const ids = jobs.map(({ id }) => id);
      const living = await deps.batchJobs.living(locator, ids);
      over.push(...jobs.filter(({ id }) => !living.has(id)));
    } catch (error) {
      deps.log.warn({ run, code: asEscrowError(error).code }, 'jobs that were left cannot be looked at');
    }
  }
  return over;
}

/** Where a run's jobs on AWS Batch are: where its secrets are, or were. */
async function awsLocator(db: Queries, run: string): Promise<string | undefined> {
  const lease = await db
    .selectFrom('leases')
    .select('locator')
    .where('run_id', '=', run)
    .where('store', '=', 'aws-secrets-manager')
    .executeTakeFirst();
  return lease?.locator ?? undefined;
}
