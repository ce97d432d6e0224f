import type { SchedulerDefinition } from '../scheduler.ts';

export const sge: SchedulerDefinition = {
  executor: 'sge',
  logNames: ['SGE', 'UGE'],
  submitCommand: 'qsub',
  /** qsub and qstat also belong to PBS. */
  markerCommand: 'qconf',
  /** A task of an array job has a dot and an index. */
  jobId: /^[0-9]{1,19}(\.[0-9]{1,10})?$/,
  arrayTask: /\./,
  environment: {
    location: ['SGE_ROOT', 'SGE_CELL', 'SGE_CLUSTER_NAME', 'SGE_*_PORT'],
    job: ['JOB_ID', 'SGE_TASK_ID', 'RESTARTED'],
    submitter: ['SGE_TASK_*', 'SGE_O_*', 'JOB_ID', 'JOB_NAME', 'RESTARTED'],
    defaults: [],
  },
  /** Other programs may set JOB_ID too, but only Grid Engine sets SGE_TASK_ID with it. */
  readJob: ({ JOB_ID, SGE_TASK_ID, RESTARTED = '0' }) => ({
    id: SGE_TASK_ID === undefined ? undefined : JOB_ID,
    restarts: RESTARTED,
  }),
  readSubmitHost: ({ SGE_O_HOST }) => SGE_O_HOST,
  /** `-r y[es]|n[o]`. Source: qsub(1). */
  requestsRequeue: (options) =>
    options.some((option, index) => option === '-r' && /^y(es)?$/.test(options[index + 1] ?? '')),
  states: async () => (await import('./states.ts')).states,
  load: async (run) => new (await import('./grid-engine.ts')).GridEngine(run),
};
