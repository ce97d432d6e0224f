import type { Executor, OrphanedJob, Run } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { executors } from '../../schedulers/registry.ts';
import { HELD_BY_SERVER } from '../../releases/held-by-server.ts';
import type { RemoteTaskJobs } from '../../stores/store.ts';
import { write, type RunDependencies } from '../dependencies.ts';

/** An orphaned job and its run. */
export type OrphanedJobRow = OrphanedJob & {
  readonly run: string;
  /** The task's work directory, as events or log report it. */
  readonly workDirectory: string | null;
  /** False if only the log reports that the job has ended and its scheduler was not asked yet. */
  readonly isConfirmed: boolean;
};

/**
 * Records task job events of a head, submissions first. Idempotent, because a daemon that adopts a run reads its files from
 * the start. Events take precedence over log lines.
 */
export async function recordTaskJobs(
  db: Queries,
  run: string,
  events: readonly TaskJobEvent[],
  source: 'log' | 'events',
): Promise<void> {
  const submitted = events.flatMap((event) => ('submitted' in event ? [event.submitted] : []));
  const completed = events.flatMap((event) => ('completed' in event ? [event.completed] : []));
  const state = 'submitted';
  if (submitted.length > 0)
    await db
      .insertInto('task_jobs')
      .values(
        submitted.map(({ executor, id, name, workDirectory }) => ({
          ...{ run_id: run, executor, job_id: id, name, work_directory: workDirectory, state, source },
        })),
      )
      .onConflict((conflict) => {
        const same = conflict.columns(['run_id', 'job_id']);
        if (source === 'log') return same.doNothing();
        return same
          .doUpdateSet((row) => ({
            name: row.ref('excluded.name'),
            work_directory: row.ref('excluded.work_directory'),
            source,
          }))
          .where('task_jobs.source', '=', 'log');
      })
      .execute();
  if (completed.length > 0)
    await db
      .updateTable('task_jobs')
      .set({ state: 'completed' })
      .where('run_id', '=', run)
      .where('job_id', 'in', completed)
      .where('source', '=', source)
      .where('state', '=', 'submitted')
      .execute();
}

/** Returns the orphaned jobs of one run, several runs or all runs. */
export async function orphanedJobsOf(
  db: Queries,
  run?: string | readonly string[],
): Promise<OrphanedJobRow[]> {
  return jobsIn(db, ['orphaned'], run);
}

async function jobsIn(
  db: Queries,
  states: readonly ('orphaned' | 'unconfirmed')[],
  run: string | readonly string[] | undefined,
): Promise<OrphanedJobRow[]> {
  let query = db.selectFrom('task_jobs').selectAll().where('state', 'in', states);
  if (run !== undefined) query = query.where('run_id', 'in', [run].flat());
  const rows = await query.orderBy('job_id').execute();
  return rows.map(({ run_id, executor, job_id, name, work_directory, refusal, state }) => ({
    run: run_id,
    executor: executor as OrphanedJob['executor'],
    id: job_id,
    name,
    workDirectory: work_directory,
    isConfirmed: state === 'orphaned',
    ...(refusal === null ? {} : { refusal }),
  }));
}

/**
 * Marks the unfinished jobs of an ended head as orphaned, within the transaction that records the end. A log line alone may
 * be forged. Unless the run succeeded, the scheduler is therefore asked about jobs that ended according to the log.
 */
export async function recordOrphanedJobs(
  deps: RunDependencies,
  db: Queries,
  run: string,
  outcome: Run['outcome'],
): Promise<void> {
  await forgetUnreachable(deps, db, run);
  if (outcome !== 'succeeded')
    await db
      .updateTable('task_jobs')
      .set({ state: 'unconfirmed' })
      .where('run_id', '=', run)
      .where('source', '=', 'log')
      .where('state', '=', 'completed')
      .execute();
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

/** Returns the platforms that run task jobs in a remote queue. */
export function remoteTaskJobs({ platforms }: Pick<RunDependencies, 'platforms'>): RemoteTaskJobs[] {
  return [...platforms.values()].flatMap(({ taskJobs }) => taskJobs ?? []);
}

/** Drops jobs of a platform where the run has no lease: their account is unknown. */
async function forgetUnreachable(deps: RunDependencies, db: Queries, run: string): Promise<void> {
  for (const { executor, secretsKind } of remoteTaskJobs(deps))
    if ((await locatorOf(db, run, secretsKind)) === null)
      await db
        .updateTable('task_jobs')
        .set({ state: 'gone' })
        .where('run_id', '=', run)
        .where('executor', '=', executor)
        .execute();
}

/** Describes an orphaned job as the contract shows it. */
export function describeOrphanedJob({ executor, id, name, refusal }: OrphanedJobRow): OrphanedJob {
  return { executor, id, name, ...(refusal === undefined ? {} : { refusal }) };
}

/**
 * Removes jobs from the list that have ended, and adds jobs that run although the log reported their end. Returns the number
 * of jobs that remain, of one run or of all runs. Jobs with unknown state count as remaining.
 */
export async function refreshOrphanedJobs(deps: RunDependencies, run?: string): Promise<number> {
  const jobs = await jobsIn(deps.ledger.db, ['orphaned', 'unconfirmed'], run);
  if (jobs.length === 0) return 0;
  const over = new Set([...(await endedOnScheduler(deps, jobs)), ...(await endedRemotely(deps, jobs))]);
  const alive = jobs.filter((job) => !job.isConfirmed && !over.has(job) && isAlive(deps, job));
  if (over.size + alive.length > 0)
    await write(deps, 'orphans.record', async (db) => {
      for (const [state, changed] of [
        ['gone', over],
        ['orphaned', alive],
      ] as const)
        for (const job of changed)
          await db
            .updateTable('task_jobs')
            .set({ state })
            .where('run_id', '=', job.run)
            .where('job_id', '=', job.id)
            .execute();
    });
  return jobs.length - over.size;
}

export function isScheduler(executor: OrphanedJob['executor']): executor is Executor {
  return (executors as readonly string[]).includes(executor);
}

function isAlive(deps: RunDependencies, { executor, id }: OrphanedJobRow): boolean {
  const phase = isScheduler(executor) ? deps.jobStatus.status(executor, id)?.phase : undefined;
  return phase === 'waiting' || phase === 'running';
}

async function endedOnScheduler(
  deps: RunDependencies,
  orphans: readonly OrphanedJobRow[],
): Promise<OrphanedJobRow[]> {
  const phaseOf = ({ executor, id }: OrphanedJobRow): string | undefined =>
    isScheduler(executor) ? deps.jobStatus.status(executor, id)?.phase : undefined;
  orphans.forEach(phaseOf); // queries all of them in one call
  await deps.jobStatus.settled();
  return orphans.filter((job) => ['ended', 'forgotten'].includes(phaseOf(job) ?? ''));
}

/** Returns the jobs that have ended on their platform. If the platform does not respond, no job counts as ended. */
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

/** Returns the locator of a run's lease of this kind, or of one that a team server holds, which names the place of the run's jobs. Null if there is no lease. */
export async function locatorOf(db: Queries, run: string, kind: string): Promise<string | null> {
  const lease = await db
    .selectFrom('leases')
    .select('locator')
    .where('run_id', '=', run)
    .where('store', 'in', [kind, HELD_BY_SERVER])
    .executeTakeFirst();
  return lease?.locator ?? null;
}
