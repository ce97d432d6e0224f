import type { Executor } from './scheduler.ts';

/** The scheduler's job that a process runs in. */
export interface EnclosingJob {
  readonly executor: Executor;
  readonly id: string;
  /** How often it was started anew before; null where the scheduler does not say. */
  readonly restarts: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The job that an environment tells of. Schedulers set these for whatever they start; a shell that was opened from
 * within a job, as by salloc, has them too. JOB_ID alone may be anybody's: Grid Engine sets SGE_TASK_ID beside it.
 */
export function enclosingJob(env: Environment): EnclosingJob | undefined {
  const { SLURM_JOB_ID, SLURM_RESTART_COUNT, PBS_JOBID, LSB_JOBID, JOB_ID, SGE_TASK_ID, RESTARTED } = env;
  if (isId(SLURM_JOB_ID))
    return { executor: 'slurm', id: SLURM_JOB_ID, restarts: count(SLURM_RESTART_COUNT ?? '0') };
  if (isId(PBS_JOBID)) return { executor: 'pbs', id: PBS_JOBID, restarts: null };
  if (isId(LSB_JOBID)) return { executor: 'lsf', id: LSB_JOBID, restarts: null };
  if (isId(JOB_ID) && SGE_TASK_ID !== undefined)
    return { executor: 'sge', id: JOB_ID, restarts: count(RESTARTED ?? '0') };
  return undefined;
}

/** The host that the job we run in was submitted from, as its scheduler tells; there a daemon may run. */
export function submitHost(env: Environment): string {
  const { SLURM_SUBMIT_HOST, PBS_O_HOST, LSB_SUB_HOST, SGE_O_HOST } = env;
  return SLURM_SUBMIT_HOST ?? PBS_O_HOST ?? LSB_SUB_HOST ?? SGE_O_HOST ?? 'the login node';
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^[0-9]+(\[[0-9]*\])?(\.[A-Za-z0-9._-]+)?$/.test(text);
}

function count(text: string): number | null {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : null;
}
