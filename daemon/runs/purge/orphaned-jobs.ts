import type { Executor, OrphanedJob, Run } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/open.ts';
import type { TaskJobEvent } from '../../nextflow/logs/task-jobs.ts';
import { executors } from '../../schedulers/registry.ts';
import type { RemoteTaskJobs } from '../../stores/store.ts';
import { write, type RunDependencies } from '../dependencies.ts';

/** A job whose head is gone, and whose it was. */
export type OrphanedJobRow = OrphanedJob & {
  readonly run: string;
  /** Of its task, as is told. */
  readonly workDirectory: string | null;
  /** False: the log says that it is over, and its scheduler has not been asked. */
  readonly isConfirmed: boolean;
};

/**
 * Records what is told of jobs of a head, first of those that were submitted. Idempotent: who adopts a run reads its files
 * from the start again. Of events and log, events count.
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

/** Jobs of heads that are gone, which may live on: of one run, or of all. */
export async function orphanedJobsOf(db: Queries, run?: string): Promise<OrphanedJobRow[]> {
  return jobsIn(db, ['orphaned'], run);
}

async function jobsIn(
  db: Queries,
  states: readonly ('orphaned' | 'unconfirmed')[],
  run: string | undefined,
): Promise<OrphanedJobRow[]> {
  let query = db.selectFrom('task_jobs').selectAll().where('state', 'in', states);
  if (run !== undefined) query = query.where('run_id', '=', run);
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
 * When a head is over: what it had submitted and not seen end, it has left behind. Within the transaction of its end. An end
 * that the log alone tells may be forged, so the scheduler is asked about that one too, unless all went well.
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

/** The platforms that run task jobs in a queue of their own. */
export function remoteTaskJobs({ platforms }: Pick<RunDependencies, 'platforms'>): RemoteTaskJobs[] {
  return [...platforms.values()].flatMap(({ taskJobs }) => taskJobs ?? []);
}

/** Jobs of a platform on which the run has nothing else: nobody knows in which account they would be. */
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

/** What is told of a job in the description of the run that left it. */
export function describeOrphanedJob({ executor, id, name, refusal }: OrphanedJobRow): OrphanedJob {
  return { executor, id, name, ...(refusal === undefined ? {} : { refusal }) };
}

/**
 * Takes those off the list that are over by now, and puts those on it that the log alone had called over; gives how many are
 * left, of one run or of all. Jobs of which nothing is known yet count as left.
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
export async function locatorOf(db: Queries, run: string, kind: string): Promise<string | null> {
  const lease = await db
    .selectFrom('leases')
    .select('locator')
    .where('run_id', '=', run)
    .where('store', '=', kind)
    .executeTakeFirst();
  return lease?.locator ?? null;
}
