import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HeadJob, RunStart } from '../../contract/types.ts';
import { findComputeEnvironment } from '../../compute-envs/compute-environments.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { ensurePrivateDirectory } from '../../system/files/private-directory.ts';
import { step } from '../../system/steps.ts';
import { record } from '../../ledger/journal.ts';
import { variablesKeptInJob } from '../../schedulers/environment.ts';
import { definitionOf } from '../../schedulers/registry.ts';
import { writeHeadScript } from '../../run-directory/write-head.ts';
import { now, write, type RunDependencies } from '../dependencies.ts';
import { revoke } from '../../run-directory/fence.ts';
import { purgeRun } from '../purge/purge.ts';
import { getRun, headJobOf, leasesOf } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';
import { runFile } from '../../run-directory/layout.ts';

/** Time limit for the submission and the search for the job by name, in seconds. */
const SUBMIT_SECONDS = 150;

/** Returns the scheduler's name for the head job of a run. */
export function jobName(run: string): string {
  return `nf-escrow-${run}`;
}

/**
 * Submits the head job of a run. Records the intent in the ledger first. If the scheduler's reply is lost, finds the job by
 * its name. If the scheduler rejects the job, aborts the run. Throws `state-conflict`, `scheduler-rejected`,
 * `scheduler-unavailable`.
 */
export async function submitHead(
  deps: RunDependencies,
  id: string,
  start: Pick<NonNullable<RunStart['start']>, 'arguments'>,
): Promise<void> {
  const run = await getRun(deps.ledger.db, id);
  const leases = await leasesOf(deps.ledger.db, id);
  const lease = leases.find(({ store }) => store === deps.runDirectories.kind);
  const job = headJobOf(run);
  if (run.state !== 'materialized' || lease === undefined || job?.head !== true || job.name !== null)
    throw new EscrowError(
      'state-conflict',
      `Cannot submit a head job for run ${id}: its compute environment does not use head jobs, or the job was already submitted.`,
    );
  // The recorded path, even if the directory was moved: the job has no other.
  const directory = lease.target;
  if (!existsSync(runFile(directory, 'environment')))
    throw new EscrowError(
      'request-unprocessable',
      `Cannot submit the head job of run ${id}: its run directory contains no environment file.`,
    );
  const { headOptions: options = [] } = await findComputeEnvironment(deps.ledger.db, run.compute_environment);
  const requeue = definitionOf(job.executor).requestsRequeue(options);
  const output = run.output_file ?? join(deps.outputDirectory, `${id}.log`);
  ensurePrivateDirectory(dirname(output));
  const script = await step(deps.faults, 'job.write', () => {
    if (requeue) writeFileAtomic(runFile(directory, 'requeue'), '');
    const launchDirectory = run.launch_directory;
    return writeHeadScript({
      directory,
      launchDirectory,
      requeue,
      keptVariables: variablesKeptInJob,
      ...start,
    });
  });
  const name = jobName(id);
  await write(deps, 'job.intend', async (db) => {
    const change = {
      launch_deadline: now(deps, SUBMIT_SECONDS),
      output_file: output,
      head_job: JSON.stringify({ ...job, name }),
    };
    await db.updateTable('runs').set(change).where('id', '=', id).execute();
    await record(db, {
      run: id,
      type: 'run.submitting',
      by: deps.user.user,
      data: { executor: job.executor },
    });
  });
  deps.submitting.add(id);
  try {
    const submission = { name, script, output, requeue, options };
    const found = await step(deps.faults, 'job.submit', () => submitOrFind(deps, job, submission));
    await recordJob(deps, id, { ...job, name, id: found });
  } catch (error) {
    const known = asEscrowError(error);
    // The scheduler may have accepted the job after all. It then finds the fence revoked and exits.
    const place = { target: directory, locator: lease.locator, sentAt: null };
    if (!(await step(deps.faults, 'fence.revoke', () => revoke(deps.runDirectories, place)))) return;
    const change = { outcome: 'aborted', outcome_evidence: known.message, ended_at: now(deps) } as const;
    await write(deps, 'run.record-aborted', (db) => moveRun(db, id, 'ended', change));
    await purgeRun(deps, id);
    throw known;
  } finally {
    deps.submitting.delete(id);
  }
}

/** Records the current facts about a run's head job. */
export async function recordJob(deps: RunDependencies, run: string, job: HeadJob): Promise<void> {
  await write(deps, 'job.record', async (db) => {
    await db
      .updateTable('runs')
      .set({ head_job: JSON.stringify(job) })
      .where('id', '=', run)
      .execute();
    await record(db, { run, type: 'run.head-job', data: { ...job } });
  });
}

async function submitOrFind(
  deps: RunDependencies,
  { executor }: HeadJob,
  submission: Parameters<ReturnType<RunDependencies['jobStatus']['scheduler']>['submit']>[0],
): Promise<string> {
  const scheduler = deps.jobStatus.scheduler(executor);
  try {
    return await scheduler.submit(submission);
  } catch (error) {
    if (asEscrowError(error).code !== 'scheduler-unavailable') throw error;
    // If this query fails too, the fence stops a job that the scheduler may have accepted.
    const found = (await scheduler.find(submission.name).catch(() => [])).at(-1);
    if (found === undefined) throw error;
    return found;
  }
}
