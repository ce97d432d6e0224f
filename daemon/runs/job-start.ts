import type { RunJob } from '../contract/types.ts';
import { step } from '../host/steps.ts';
import { now, type Engine } from './engine.ts';
import { jobName, recordJob } from './head-job.ts';
import type { Conclusion } from './outcome.ts';
import type { RunRow } from './queries.ts';

/** A job that has no id yet is looked for by its name at every so many looks: each is a call of the scheduler's own. */
const FIND_EVERY = 10;

/**
 * What a head that is to be a job comes to before it has begun. `renew`: it waits in its queue, however long, and is
 * alive. `wait`: nothing is known. Else the run is to be called off. `looks`: how often this was asked before.
 */
export async function lookForJob(
  engine: Engine,
  run: RunRow,
  job: RunJob,
  looks: number,
): Promise<'wait' | 'renew' | Conclusion> {
  if (job.id === null) return lookForName(engine, run, job, looks);
  const word = engine.jobs.word(job.executor, job.id);
  if (run.cancel_requested > 0) return { outcome: 'cancelled', evidence: 'before its job began' };
  if (word === undefined) return 'wait';
  if (word.phase === 'waiting' || word.phase === 'running') return 'renew';
  const outcome = word.state === 'CANCELLED' ? 'cancelled' : 'aborted';
  return { outcome, evidence: `its job ended before it began: ${word.state}` };
}

/** The daemon ended, or still waits, while it asked for the job: the scheduler knows it by its name, or has none. */
async function lookForName(
  engine: Engine,
  run: RunRow,
  job: RunJob,
  looks: number,
): Promise<'wait' | Conclusion> {
  const cancelled = run.cancel_requested > 0;
  const late = run.launch_deadline < now(engine);
  if (!cancelled && !late && looks % FIND_EVERY !== 0) return 'wait';
  const id = (await engine.jobs.scheduler(job.executor).find(jobName(run.id))).at(-1);
  if (id !== undefined) {
    await recordJob(engine, run.id, { ...job, id });
    return 'wait';
  }
  if (cancelled) return { outcome: 'cancelled', evidence: 'before its job was there' };
  return late ? { outcome: 'aborted', evidence: 'the scheduler has no job of it' } : 'wait';
}

/**
 * The job of a head that has begun before anybody noted its id: looked for by its name now and then. `gone`: the scheduler
 * has none, and would by now.
 */
export async function nameJob(
  engine: Engine,
  run: RunRow,
  job: RunJob | undefined,
  looks: number,
): Promise<RunJob | undefined | 'gone'> {
  if (job?.head !== true || job.id !== null || job.name === null || looks % FIND_EVERY !== 0) return job;
  const id = (await engine.jobs.scheduler(job.executor).find(job.name)).at(-1);
  if (id === undefined) return run.launch_deadline < now(engine) ? 'gone' : job;
  const named = { ...job, id };
  await recordJob(engine, run.id, named);
  return named;
}

export async function cancelJob(engine: Engine, { executor, id }: RunJob): Promise<void> {
  if (id !== null) await step(engine.faults, 'job.cancel', () => engine.jobs.scheduler(executor).cancel(id));
}
