import type { Executor } from '../../contract/types.ts';
import { record } from '../../ledger/journal.ts';
import { definitionOf } from '../../schedulers/registry.ts';
import { isJobId } from '../../schedulers/job-id.ts';
import { step } from '../../system/steps.ts';
import { write, type RunDependencies } from '../dependencies.ts';
import { getRun, type RunRow } from '../records/queries.ts';
import { whyNotOurs } from './job-ownership.ts';
import {
  isScheduler,
  locatorOf,
  orphanedJobsOf,
  remoteTaskJobs,
  type OrphanedJobRow,
} from './orphaned-jobs.ts';

/**
 * Cancels a run's orphaned jobs. A job is cancelled only if its scheduler or platform confirms that it belongs to the run.
 * Other jobs stay in the list with a `refusal`. Returns all of them. `by`: the person who asked for it; absent if the
 * daemon acts by policy. Throws `scheduler-unavailable`, `aws-*`, `store-unavailable`.
 */
export async function cancelOrphanedJobs(
  deps: RunDependencies,
  id: string,
  by?: string,
): Promise<OrphanedJobRow[]> {
  const orphans = await orphanedJobsOf(deps.ledger.db, id);
  if (orphans.length === 0) return [];
  const run = await getRun(deps.ledger.db, id);
  const refusals = new Map<string, string>();
  for (const orphan of orphans) {
    const { executor } = orphan;
    if (!isScheduler(executor)) continue;
    const refusal = await step(deps.faults, 'orphans.cancel', () => cancelOne(deps, run, orphan, executor));
    if (refusal !== undefined) refusals.set(orphan.id, refusal);
  }
  for (const remote of remoteTaskJobs(deps)) {
    const jobs = orphans.filter(({ executor }) => executor === remote.executor);
    if (jobs.length === 0) continue;
    const locator = await locatorOf(deps.ledger.db, id, remote.secretsKind);
    const owner = { run: id, since: Date.parse(run.created_at) };
    const others = await step(deps.faults, 'orphans.cancel', () => remote.terminate(locator, jobs, owner));
    for (const [job, refusal] of others) refusals.set(job, refusal);
  }
  await recordCancellation(deps, id, orphans, { refusals, by });
  return orphans.map(({ refusal: _before, ...job }) => {
    const refusal = refusals.get(job.id);
    return refusal === undefined ? job : { ...job, refusal };
  });
}

/** Cancels a job unless it has ended already. Returns the reason if it must be left alone, else undefined. */
async function cancelOne(
  deps: RunDependencies,
  run: RunRow,
  job: OrphanedJobRow,
  executor: Executor,
): Promise<string | undefined> {
  const { id, workDirectory } = job;
  if (!isJobId(executor, id)) return `it is not a valid job id of ${executor}`;
  const other = await claimedElsewhere(deps, job);
  if (other !== undefined) return `run ${other} has submitted this job too, or a job from the same directory`;
  const scheduler = deps.jobStatus.scheduler(executor);
  const origin = await scheduler.origin(id);
  if (origin === undefined) return undefined;
  const refusal = await whyNotOurs(origin, {
    workDirectory,
    runWorkDirectory: run.work_directory ?? run.work_expected,
    isArrayTask: definitionOf(executor).arrayTask.test(id),
    since: Date.parse(run.created_at),
  });
  if (refusal === undefined) await scheduler.cancel(id);
  return refusal;
}

/** Returns another run that names the same job, or an unfinished job from the same directory. */
async function claimedElsewhere(
  deps: RunDependencies,
  { run, executor, id, workDirectory }: OrphanedJobRow,
): Promise<string | undefined> {
  const found = await deps.ledger.db
    .selectFrom('task_jobs')
    .select('run_id')
    .where('run_id', '!=', run)
    .where('executor', '=', executor)
    .where('state', 'in', ['submitted', 'orphaned'])
    .where((where) =>
      where.or([
        where('job_id', '=', id),
        ...(workDirectory === null ? [] : [where('work_directory', '=', workDirectory)]),
      ]),
    )
    .executeTakeFirst();
  return found?.run_id;
}

async function recordCancellation(
  deps: RunDependencies,
  run: string,
  orphans: readonly OrphanedJobRow[],
  { refusals, by }: { readonly refusals: ReadonlyMap<string, string>; readonly by: string | undefined },
): Promise<void> {
  const cancelled = orphans.flatMap(({ id }) => (refusals.has(id) ? [] : [id]));
  const author = by === undefined ? {} : { by };
  await write(deps, 'orphans.record', async (db) => {
    if (cancelled.length > 0)
      await record(db, { run, type: 'run.orphaned-jobs-cancelled', data: { jobs: cancelled }, ...author });
    for (const { id, refusal: before } of orphans) {
      const refusal = refusals.get(id);
      if (refusal === before) continue;
      await db
        .updateTable('task_jobs')
        .set({ refusal: refusal ?? null })
        .where('run_id', '=', run)
        .where('job_id', '=', id)
        .execute();
      if (refusal !== undefined)
        await record(db, {
          run,
          type: 'run.orphaned-job-kept',
          data: { job: id, reason: refusal },
          ...author,
        });
    }
  });
}
