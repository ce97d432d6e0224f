import type { HeadJob } from '../../contract/types.ts';
import { step } from '../../system/steps.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { describeEnd } from '../../schedulers/job-state.ts';
import { jobName, recordJob } from '../materialize/submit-head.ts';
import type { Conclusion } from './outcome.ts';
import type { RunRow } from '../records/queries.ts';

/**
 * What a head that is to be a job comes to before it has begun. `renew`: it waits in its queue, however long, and is
 * alive. `wait`: nothing is known. Else the run is to be called off.
 */
export async function checkHeadJob(
  deps: RunDependencies,
  run: RunRow,
  job: HeadJob,
): Promise<'wait' | 'renew' | Conclusion> {
  if (job.id === null) return lookForName(deps, run, job);
  const word = deps.jobStatus.status(job.executor, job.id);
  if (run.cancel_requested > 0) return { outcome: 'cancelled', evidence: 'before its job began' };
  if (word === undefined) return 'wait';
  if (word.phase === 'waiting' || word.phase === 'running') return 'renew';
  const outcome = word.end === 'cancelled' ? 'cancelled' : 'aborted';
  return { outcome, evidence: `its job ended before it began: ${describeEnd(word)}` };
}

/** A daemon ended while it asked for the job. One that comes later, after the run was called off, finds the fence closed. */
async function lookForName(deps: RunDependencies, run: RunRow, job: HeadJob): Promise<'wait' | Conclusion> {
  if ((await findByName(deps, run, job)) !== 'none') return 'wait';
  if (run.cancel_requested > 0) return { outcome: 'cancelled', evidence: 'before its job was there' };
  return isLate(deps, run) ? { outcome: 'aborted', evidence: 'the scheduler has no job of it' } : 'wait';
}

/**
 * The job of a head that has begun before anybody noted its id, by its name. `gone`: the scheduler has none, and would by
 * now.
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

/** Looks for a job by its name, and notes its id; `none`: there is none. Undefined while that is not known. */
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
