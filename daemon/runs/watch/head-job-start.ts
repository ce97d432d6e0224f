import type { RunJob } from '../../contract/types.ts';
import { step } from '../../system/steps.ts';
import { now, type Engine } from '../dependencies.ts';
import { jobName, recordJob } from '../materialize/submit-head.ts';
import type { Conclusion } from './outcome.ts';
import type { RunRow } from '../records/queries.ts';

/**
 * What a head that is to be a job comes to before it has begun. `renew`: it waits in its queue, however long, and is
 * alive. `wait`: nothing is known. Else the run is to be called off.
 */
export async function lookForJob(
  engine: Engine,
  run: RunRow,
  job: RunJob,
): Promise<'wait' | 'renew' | Conclusion> {
  if (job.id === null) return lookForName(engine, run, job);
  const word = engine.jobs.word(job.executor, job.id);
  if (run.cancel_requested > 0) return { outcome: 'cancelled', evidence: 'before its job began' };
  if (word === undefined) return 'wait';
  if (word.phase === 'waiting' || word.phase === 'running') return 'renew';
  const outcome = word.state === 'CANCELLED' ? 'cancelled' : 'aborted';
  return { outcome, evidence: `its job ended before it began: ${word.state}` };
}

/** A daemon ended while it asked for the job. One that comes later, after the run was called off, finds the fence closed. */
async function lookForName(engine: Engine, run: RunRow, job: RunJob): Promise<'wait' | Conclusion> {
  if ((await findByName(engine, run, job)) !== 'none') return 'wait';
  if (run.cancel_requested > 0) return { outcome: 'cancelled', evidence: 'before its job was there' };
  return isLate(engine, run) ? { outcome: 'aborted', evidence: 'the scheduler has no job of it' } : 'wait';
}

/**
 * The job of a head that has begun before anybody noted its id, by its name. `gone`: the scheduler has none, and would by
 * now.
 */
export async function nameJob(
  engine: Engine,
  run: RunRow,
  job: RunJob | undefined,
): Promise<RunJob | undefined | 'gone'> {
  if (job?.head !== true || job.id !== null || job.name === null) return job;
  const found = await findByName(engine, run, job);
  if (found === 'none') return isLate(engine, run) ? 'gone' : job;
  return found ?? job;
}

/** Looks for a job by its name, and notes its id; `none`: there is none. Undefined while that is not known. */
async function findByName(engine: Engine, run: RunRow, job: RunJob): Promise<RunJob | 'none' | undefined> {
  if (engine.submitting.has(run.id)) return undefined;
  const id = engine.jobs.named(job.executor, jobName(run.id));
  if (id === undefined) return undefined;
  if (id === null) return 'none';
  const found = { ...job, id };
  await recordJob(engine, run.id, found);
  return found;
}

function isLate(engine: Engine, run: RunRow): boolean {
  return run.launch_deadline < now(engine);
}

export async function cancelJob(engine: Engine, { executor, id }: RunJob): Promise<void> {
  if (id !== null) await step(engine.faults, 'job.cancel', () => engine.jobs.scheduler(executor).cancel(id));
}
