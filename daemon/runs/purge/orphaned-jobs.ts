import type { Executor, OrphanedJob } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/open.ts';
import type { TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { executors } from '../../schedulers/registry.ts';
import type { RemoteTaskJobs } from '../../stores/store.ts';
import { step } from '../../system/steps.ts';
import { write, type RunDependencies } from '../dependencies.ts';

/** A job whose head is gone, and whose it was. */
export type OrphanedJobRow = OrphanedJob & { readonly run: string };

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
export async function recordOrphanedJobs(deps: RunDependencies, db: Queries, run: string): Promise<void> {
  for (const remote of remoteTaskJobs(deps)) await recordRemoteJobs(db, run, remote);
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

/** The platforms that run task jobs in a queue of their own. */
function remoteTaskJobs({ platforms }: RunDependencies): RemoteTaskJobs[] {
  return [...platforms.values()].flatMap(({ taskJobs }) => taskJobs ?? []);
}

/** Such jobs are reported by the plugin's events. A task of another executor in the same run has ids of another form. */
async function recordRemoteJobs(
  db: Queries,
  run: string,
  { executor, secretsKind, isJobId }: RemoteTaskJobs,
): Promise<void> {
  if ((await locatorOf(db, run, secretsKind)) === null) return;
  const tasks = await db
    .selectFrom('tasks')
    .select(['native_id', 'name'])
    .where('run_id', '=', run)
    .where('status', 'in', ['SUBMITTED', 'RUNNING'])
    .execute();
  for (const { native_id: id, name } of tasks)
    if (id !== null && isJobId(id))
      await recordTaskJob(db, run, { submitted: { executor, id, name: name ?? id } });
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
  for (const { executor, id } of orphans)
    if (isScheduler(executor))
      await step(deps.faults, 'orphans.cancel', () => deps.jobStatus.scheduler(executor).cancel(id));
  for (const remote of remoteTaskJobs(deps)) {
    const ids = orphans.flatMap(({ executor, id }) => (executor === remote.executor ? [id] : []));
    if (ids.length === 0) continue;
    const locator = await locatorOf(deps.ledger.db, run, remote.secretsKind);
    await step(deps.faults, 'orphans.cancel', () => remote.terminate(locator, ids));
  }
  const entry = { run, type: 'run.orphaned-jobs-cancelled', data: { jobs: orphans.map(({ id }) => id) } };
  await write(deps, 'orphans.record', (db) => record(db, by === undefined ? entry : { ...entry, by }));
  return orphans;
}

/** Takes those off the list that are over by now; gives how many are left, of one run or of all. */
export async function refreshOrphanedJobs(deps: RunDependencies, run?: string): Promise<number> {
  const orphans = await orphanedJobsOf(deps.ledger.db, run);
  const over = [...(await endedOnScheduler(deps, orphans)), ...(await endedRemotely(deps, orphans))];
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

function isScheduler(executor: OrphanedJob['executor']): executor is Executor {
  return (executors as readonly string[]).includes(executor);
}

async function endedOnScheduler(
  deps: RunDependencies,
  orphans: readonly OrphanedJobRow[],
): Promise<OrphanedJobRow[]> {
  const phaseOf = ({ executor, id }: OrphanedJobRow): string | undefined =>
    isScheduler(executor) ? deps.jobStatus.status(executor, id)?.phase : undefined;
  orphans.forEach(phaseOf); // asks for all of them in one call
  await deps.jobStatus.settled();
  return orphans.filter((job) => ['ended', 'forgotten'].includes(phaseOf(job) ?? ''));
}

/** A platform that does not answer tells nothing: then no job counts as ended. */
async function endedRemotely(
  deps: RunDependencies,
  orphans: readonly OrphanedJobRow[],
): Promise<OrphanedJobRow[]> {
  const ended: OrphanedJobRow[] = [];
  for (const { executor, secretsKind, living } of remoteTaskJobs(deps)) {
    const remote = orphans.filter((job) => job.executor === executor);
    for (const run of new Set(remote.map((job) => job.run))) {
      const jobs = remote.filter((job) => job.run === run);
      try {
        const locator = await locatorOf(deps.ledger.db, run, secretsKind);
        const alive = await living(
          locator,
          jobs.map(({ id }) => id),
        );
        ended.push(...jobs.filter(({ id }) => !alive.has(id)));
      } catch (error) {
        deps.log.warn({ run, code: asEscrowError(error).code }, 'cannot query orphaned jobs');
      }
    }
  }
  return ended;
}

/** The locator of a run's lease of this kind: it tells where the run's jobs are. Null: there is none. */
async function locatorOf(db: Queries, run: string, kind: string): Promise<string | null> {
  const lease = await db
    .selectFrom('leases')
    .select('locator')
    .where('run_id', '=', run)
    .where('store', '=', kind)
    .executeTakeFirst();
  return lease?.locator ?? null;
}
