/** The schedulers we know, by Nextflow's names for its executors (`pbs` stands for PBS Pro and Torque). */
export const executors = ['slurm', 'sge', 'pbs', 'lsf'] as const;

export type Executor = (typeof executors)[number];

/** A job as its scheduler tells of it. */
export interface JobStatus {
  readonly id: string;
  /** `ended` is for good: a job that will be started again is `waiting`. */
  readonly phase: 'waiting' | 'running' | 'ended';
  /** The scheduler's own word. */
  readonly state: string;
  /** How often it was started anew; null where the scheduler does not tell. */
  readonly restarts: number | null;
}

/** What is to become a job. */
export interface Submission {
  /** By it a job is found whose id was lost with the scheduler's answer. */
  readonly name: string;
  /** A script that all nodes see. It is given no arguments and, as far as the scheduler can, no environment. */
  readonly script: string;
  /** Where it writes what it would write to a terminal; added to when it is started again. */
  readonly output: string;
  /** Whether the scheduler may start it again after a preemption or a node's failure. */
  readonly requeue: boolean;
  /** The user's own options; they come last, and so win. */
  readonly options: readonly string[];
}

/**
 * A scheduler, by its own commands. All methods throw `scheduler-unavailable` when it does not answer, or answers what
 * is not understood: then nothing is known, and nothing may be concluded.
 */
export interface Scheduler {
  readonly executor: Executor;

  /** Gives the job's id. Not idempotent: look for the name before trying again. Throws `scheduler-rejected`. */
  submit(submission: Submission): Promise<string>;

  /**
   * What it knows of these jobs of ours, in one call. A job that is missing from the answer is one that the scheduler
   * does not remember: over for some time, or never there.
   */
  jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>>;

  /** Ids of our jobs of that name that it still remembers, newest last. */
  find(name: string): Promise<string[]>;

  /** Asks for a job's end. Idempotent: one that is over, or not remembered, has ended. */
  cancel(id: string): Promise<void>;
}
