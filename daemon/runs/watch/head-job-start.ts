import type { HeadJob } from '../../contract/types.ts';
import { step } from '../../system/steps.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { describeEnd } from '../../schedulers/job-state.ts';
import { jobName, recordJob } from '../materialize/submit-head.ts';
import type { Conclusion } from './outcome.ts';
import type { RunRow } from '../records/queries.ts';

/**
 * Checks a head job before its start. `renew`: the job is alive in its queue, for any length of time. `wait`: its state is
 * unknown. A conclusion: the run must be aborted.
 */
export async function checkHeadJob(
  deps: RunDependencies,
  run: RunRow,
  job: HeadJob,
): Promise<'wait' | 'renew' | Conclusion> {
  if (job.id === null) return lookForName(deps, run, job);
  const word = deps.jobStatus.status(job.executor, job.id);
  if (run.cancel_requested > 0) return { outcome: 'cancelled', evidence: 'cancelled before the job started' };
  if (word === undefined) return 'wait';
  if (word.phase === 'waiting' || word.phase === 'running') return 'renew';
  const outcome = word.end === 'cancelled' ? 'cancelled' : 'aborted';
  return { outcome, evidence: `the job ended before the run started: ${describeEnd(word)}` };
}

/** Finds a job whose submission a daemon did not complete. If the job starts after an abort, it finds the fence revoked. */
async function lookForName(deps: RunDependencies, run: RunRow, job: HeadJob): Promise<'wait' | Conclusion> {
  if ((await findByName(deps, run, job)) !== 'none') return 'wait';
  if (run.cancel_requested > 0)
    return { outcome: 'cancelled', evidence: 'cancelled before the job was found' };
  return isLate(deps, run) ? { outcome: 'aborted', evidence: 'the scheduler has no job for it' } : 'wait';
}

/**
 * Finds the job of a head that has started before its job id was recorded, by its name. `gone`: the scheduler has no such
 * job, although the launch deadline has passed.
 */
export async function resolveHeadJob(
  deps: RunDependencies,
  run: RunRow,
  job: HeadJob | undefined,
): Promise<HeadJob | undefined | 'gone'> {
  if (job?.head !== true || job.id !== null || job.name === null) return job;
  const found = await findByName(deps, run, job);
  if (found === 'none') return isLate(deps, run) ? 'gone' : job;
  return found ?? job;
}

/** Finds a job by its name and records its id. `none`: there is no such job. Undefined if that is not known yet. */
async function findByName(
  deps: RunDependencies,
  run: RunRow,
  job: HeadJob,
): Promise<HeadJob | 'none' | undefined> {
  if (deps.submitting.has(run.id)) return undefined;
  const id = deps.jobStatus.findByName(job.executor, jobName(run.id));
  if (id === undefined) return undefined;
  if (id === null) return 'none';
  const found = { ...job, id };
  await recordJob(deps, run.id, found);
  return found;
}

function isLate(deps: RunDependencies, run: RunRow): boolean {
  return run.launch_deadline < now(deps);
}

export async function cancelJob(deps: RunDependencies, { executor, id }: HeadJob): Promise<void> {
  if (id !== null) await step(deps.faults, 'job.cancel', () => deps.jobStatus.scheduler(executor).cancel(id));
}
