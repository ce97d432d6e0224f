import type { RunJob } from '../contract/types.ts';
import { step } from '../host/steps.ts';
import { now, type Engine } from './engine.ts';
import { jobName, recordJob } from './head-job.ts';
import type { Conclusion } from './outcome.ts';
import type { RunRow } from './queries.ts';

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

/**
 * A daemon ended while it asked for the job: the scheduler knows it by its name, or has none. One that comes later, after
 * the run was called off, finds the fence closed.
 */
async function lookForName(engine: Engine, run: RunRow, job: RunJob): Promise<'wait' | Conclusion> {
  if (engine.submitting.has(run.id)) return 'wait';
  const cancelled = run.cancel_requested > 0;
  const late = run.launch_deadline < now(engine);
  const id = engine.jobs.named(job.executor, jobName(run.id));
  if (id === undefined) return 'wait';
  if (id !== null) {
    await recordJob(engine, run.id, { ...job, id });
    return 'wait';
  }
  if (cancelled) return { outcome: 'cancelled', evidence: 'before its job was there' };
  return late ? { outcome: 'aborted', evidence: 'the scheduler has no job of it' } : 'wait';
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
  if (job?.head !== true || job.id !== null || job.name === null || engine.submitting.has(run.id)) return job;
  const id = engine.jobs.named(job.executor, job.name);
  if (id === undefined) return job;
  if (id === null) return run.launch_deadline < now(engine) ? 'gone' : job;
  const named = { ...job, id };
  await recordJob(engine, run.id, named);
  return named;
}

export async function cancelJob(engine: Engine, { executor, id }: RunJob): Promise<void> {
  if (id !== null) await step(engine.faults, 'job.cancel', () => engine.jobs.scheduler(executor).cancel(id));
}
