import type { Executor } from '../../daemon/contract/types.ts';
import type { CommandResult } from '../../daemon/schedulers/command.ts';
import type { JobEnd } from '../../daemon/schedulers/scheduler.ts';

type Environment = Readonly<Record<string, string>>;

/** Facts from a scheduler's manual, independent of its definition, which tests compare with them. */
export interface SchedulerSample {
  /** The commands that its installation puts on PATH, including names that other schedulers share. */
  readonly commands: readonly string[];
  /** A job id of each form. */
  readonly ids: readonly string[];
  /** All job states by phase. `ended` also gives the reason. */
  readonly states: {
    readonly waiting: readonly string[];
    readonly running: readonly string[];
    readonly ended: Readonly<Record<string, JobEnd | null>>;
  };
  /** Returns what the listing command prints for a job in this state. */
  readonly listed: (id: string, state: string) => string;
  /** Returns what the submit command prints. */
  readonly submitted: (id: string) => string;
  /** Returns what the listing command prints for a job with this name. */
  readonly named: (id: string, name: string) => string;
  /**
   * Returns the environment of a job that was submitted on login1 and restarted twice, if the scheduler reports restarts.
   * Files of the job are created in `directory`.
   */
  readonly inJob: (id: string, directory: string) => Environment;
  readonly restarts: number | null;
  /** Options that make a job restartable, and others that do not. */
  readonly requeue: readonly (readonly string[])[];
  readonly noRequeue: readonly (readonly string[])[];
}

/** squeue(1), "JOB STATE CODES"; sbatch(1), "OUTPUT ENVIRONMENT VARIABLES". Slurm 23.11. */
const slurm: SchedulerSample = {
  commands: ['sbatch', 'squeue', 'scancel', 'srun', 'sacct'],
  ids: ['1', '4711', '4711_3'],
  states: {
    waiting: [
      'PENDING',
      'CONFIGURING',
      'REQUEUED',
      'REQUEUE_FED',
      'REQUEUE_HOLD',
      'SPECIAL_EXIT',
      'RESV_DEL_HOLD',
    ],
    running: ['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'SIGNALING', 'STAGE_OUT', 'RESIZING'],
    ended: {
      COMPLETED: 'completed',
      FAILED: 'failed',
      CANCELLED: 'cancelled',
      TIMEOUT: 'terminated',
      DEADLINE: 'terminated',
      OUT_OF_MEMORY: 'terminated',
      PREEMPTED: 'terminated',
      BOOT_FAIL: 'terminated',
      NODE_FAIL: 'node-lost',
      REVOKED: null,
    },
  },
  listed: slurmLine,
  submitted: (id) => `${id}\n`,
  named: (id) => slurmLine(id, 'RUNNING'),
  inJob: (id) => ({ SLURM_JOB_ID: id, SLURM_RESTART_COUNT: '2', SLURM_SUBMIT_HOST: 'login1' }),
  restarts: 2,
  requeue: [['--requeue'], ['--partition=long', '--requeue']],
  noRequeue: [[], ['--no-requeue'], ['-r', 'y'], ['--comment', '--requeue-not']],
};

/** The job of a job array's task has a different number than the array. */
function slurmLine(id: string, state: string): string {
  const job = id.split('_')[0] ?? id;
  return `${job.padStart(20)}${state.padStart(24)}${'0'.padStart(12)}${id.padStart(32)}\n`;
}

/** qstat(1), "OUTPUT FORMATS"; qsub(1), "ENVIRONMENTAL VARIABLES". Grid Engine 8.1.9. */
const sge: SchedulerSample = {
  commands: ['qsub', 'qstat', 'qdel', 'qselect', 'qconf'],
  ids: ['1', '4711', '4711.3'],
  states: { waiting: ['pending'], running: ['running'], ended: {} },
  listed: (id, state) => jobList(id, state, 'nf-escrow-r1'),
  submitted: (id) => `${id}\n`,
  named: (id, name) => jobList(id, 'running', name),
  inJob: (id) => ({ JOB_ID: id, SGE_TASK_ID: 'undefined', RESTARTED: '2', SGE_O_HOST: 'login1' }),
  restarts: 2,
  requeue: [
    ['-r', 'y'],
    ['-q', 'long.q', '-r', 'yes'],
  ],
  noRequeue: [[], ['-r', 'n'], ['--requeue'], ['-r']],
};

function jobList(id: string, list: string, name: string): string {
  return `<?xml version='1.0'?>
<job_info>
<queue_info>
<job_list state="${list}"><JB_job_number>${id}</JB_job_number><JB_name>${name}</JB_name><state>r</state></job_list>
</queue_info>
</job_info>
`;
}

/** qstat(1B) of OpenPBS 20 and of Torque 6; qsub(1B), "ENVIRONMENT VARIABLES". */
const pbs: SchedulerSample = {
  commands: ['qsub', 'qstat', 'qdel', 'qselect', 'pbsnodes'],
  ids: ['4711.pbs', '4711.head-1.example.org', '4711[].pbs', '4711[3].pbs', '4711'],
  states: {
    waiting: ['Q', 'H', 'W', 'T'],
    running: ['R', 'B', 'E', 'S', 'U'],
    ended: { C: null, F: null, X: null },
  },
  listed: (id, state) => `Job Id: ${id}\n    Job_Name = nf-escrow-r1\n    job_state = ${state}\n`,
  submitted: (id) => `${id}\n`,
  named: (id) => `${id}\n`,
  inJob: (id) => ({ PBS_JOBID: id, PBS_O_HOST: 'login1' }),
  restarts: null,
  requeue: [['-r', 'y'], ['-ry']],
  noRequeue: [[], ['-r', 'n'], ['-rn'], ['--requeue']],
};

/** bjobs(1) and bsub(1) of Spectrum LSF 10.1, and its "Environment variables set for job execution". */
const lsf: SchedulerSample = {
  commands: ['bsub', 'bjobs', 'bkill'],
  ids: ['1', '4711', '4711[3]'],
  states: {
    waiting: ['PEND', 'PSUSP', 'WAIT', 'FWD_PEND'],
    running: ['PROV', 'RUN', 'USUSP', 'SSUSP', 'UNKWN', 'ZOMBI'],
    ended: { DONE: 'completed', EXIT: 'failed' },
  },
  listed: (id, state) => `${id} ${state}\n`,
  submitted: (id) => `Job <${id}> is submitted to default queue <normal>.\n`,
  named: (id) => `${id}\n`,
  inJob: (id) => ({ LSB_JOBID: id, LSB_SUB_HOST: 'login1' }),
  restarts: null,
  requeue: [['-r'], ['-q', 'long', '-r']],
  noRequeue: [[], ['-rn'], ['--requeue']],
};

export const schedulerSamples: Readonly<Record<Executor, SchedulerSample>> = { slurm, sge, pbs, lsf };

/** Returns the result of a successful command. */
export function printed(stdout: string): CommandResult {
  return { status: 0, stdout, stderr: '' };
}
