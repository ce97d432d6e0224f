import type { SchedulerDefinition } from '../scheduler.ts';

export const slurm: SchedulerDefinition = {
  executor: 'slurm',
  logNames: ['SLURM'],
  submitCommand: 'sbatch',
  markerCommand: 'sbatch',
  /** A task of a job array has `_` and an index. */
  jobId: /^[0-9]{1,19}(_[0-9]{1,10})?$/,
  arrayTask: /_/,
  environment: {
    location: ['SLURM_CONF'],
    job: ['SLURM_JOB_ID', 'SLURM_JOBID', 'SLURM_RESTART_COUNT', 'SLURM_TMPDIR'],
    submitter: ['SLURM_*', 'SLURMD_*', 'SBATCH_*', 'SRUN_*', 'SALLOC_*'],
    defaults: ['SLURM_*', 'SBATCH_*', 'SQUEUE_*', 'SCANCEL_*', 'SACCT_*'],
  },
  readJob: ({ SLURM_JOB_ID: id, SLURM_RESTART_COUNT: restarts = '0' }) => ({ id, restarts }),
  readSubmitHost: ({ SLURM_SUBMIT_HOST }) => SLURM_SUBMIT_HOST,
  requestsRequeue: (options) => options.includes('--requeue'),
  states: async () => (await import('./states.ts')).states,
  load: async (run) => new (await import('./slurm.ts')).Slurm(run),
};
