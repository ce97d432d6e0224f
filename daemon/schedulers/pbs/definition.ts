import type { SchedulerDefinition } from '../scheduler.ts';

export const pbs: SchedulerDefinition = {
  executor: 'pbs',
  logNames: ['PBS', 'PBSPRO'],
  submitCommand: 'qsub',
  /** Grid Engine also has a qselect, and comes first in the registry. qsub and qstat belong to both. */
  markerCommand: 'qselect',
  /** A job array has brackets, with an index for a subjob. The server name follows, unless a site omits it. */
  jobId: /^[0-9]{1,19}(\[[0-9]{0,10}\])?(\.[A-Za-z0-9._-]{1,255})?$/,
  arrayTask: /\[[0-9]/,
  environment: {
    location: ['PBS_CONF_FILE', 'PBS_SERVER', 'PBS_DEFAULT'],
    job: ['PBS_JOBID'],
    submitter: ['PBS_*'],
    defaults: ['PBS_*'],
  },
  readJob: ({ PBS_JOBID: id }) => ({ id, restarts: null }),
  readSubmitHost: ({ PBS_O_HOST }) => PBS_O_HOST,
  /** `-r y|n`. Source: qsub(1B). */
  requestsRequeue: (options) =>
    options.some((option, index) => option === '-ry' || (option === '-r' && options[index + 1] === 'y')),
  states: async () => (await import('./states.ts')).states,
  load: async (run) => new (await import('./pbs.ts')).Pbs(run),
};
