import type { SchedulerDefinition } from '../scheduler.ts';

export const lsf: SchedulerDefinition = {
  executor: 'lsf',
  logNames: ['LSF'],
  submitCommand: 'bsub',
  markerCommand: 'bsub',
  /** A task of a job array has an index in brackets. */
  jobId: /^[0-9]{1,19}(\[[0-9]{1,10}\])?$/,
  arrayTask: /\[/,
  environment: {
    location: ['LSF_ENVDIR', 'LSF_SERVERDIR', 'LSF_LIBDIR', 'LSF_BINDIR', 'LSB_SHAREDIR'],
    job: ['LSB_JOBID', 'LSF_*', 'EGO_*'],
    submitter: ['LSB_*', 'LS_*'],
    defaults: ['LSB_*'],
  },
  readJob: ({ LSB_JOBID: id }) => ({ id, restarts: null }),
  readSubmitHost: ({ LSB_SUB_HOST }) => LSB_SUB_HOST,
  requestsRequeue: (options) => options.includes('-r'),
  states: async () => (await import('./states.ts')).states,
  load: async (run) => new (await import('./lsf.ts')).Lsf(run),
};
