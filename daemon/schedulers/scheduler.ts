import type { Executor } from '../contract/types.ts';
import type { Environment } from '../config/paths.ts';
import type { RunCommand } from './command.ts';

/** Why a job ended, in words that are the same for every scheduler. */
export type JobEnd =
  /** Its script exited with status 0. */
  | 'completed'
  /** Its script exited with another status. */
  | 'failed'
  /** Somebody cancelled it. */
  | 'cancelled'
  /** The scheduler ended it: time limit, memory, preemption, deadline, a node that does not boot. */
  | 'terminated'
  /** The scheduler lost contact with its node, where its processes may still run. */
  | 'node-lost';

/** What a scheduler's own word for the state of a job means. */
export type JobState =
  | { readonly phase: 'waiting' | 'running'; readonly end: null }
  /** For good: a job that the scheduler will start again is `waiting`. `end` is null where the state does not tell. */
  | { readonly phase: 'ended'; readonly end: JobEnd | null };

/** A job as its scheduler reports it. */
export type JobStatus = JobState & {
  readonly id: string;
  /** The scheduler's own word. */
  readonly state: string;
  /** How often it was restarted; null where the scheduler does not tell. */
  readonly restarts: number | null;
};

/**
 * Where a job comes from, in its scheduler's own words. Null: the scheduler does not tell. Names and ids of jobs are no
 * proof: users choose the one, and logs that quote the other can be forged.
 */
export interface JobOrigin {
  /** The user who submitted it. */
  readonly owner: string | null;
  readonly isOurs: boolean;
  /** The directory from which it was submitted. */
  readonly workDirectory: string | null;
  /** The latest time that the scheduler's answer permits, in milliseconds since 1970: some tell minutes. */
  readonly submittedAt: number | null;
}

/** A job to submit. */
export interface Submission {
  /** Finds the job if its id was lost with the scheduler's answer. */
  readonly name: string;
  /** A script that all nodes see. It gets no arguments and, as far as the scheduler permits, no environment. */
  readonly script: string;
  /** The file for the job's output, which a restart appends to. */
  readonly output: string;
  /** Whether the scheduler may restart it after a preemption or the failure of a node. */
  readonly requeue: boolean;
  /** The user's own options, which come last and so take precedence. */
  readonly options: readonly string[];
}

/**
 * A scheduler, by its own commands. All methods throw `scheduler-unavailable` if it does not answer, or its answer is
 * not understood: nothing is known then, and nothing may be concluded.
 */
export interface Scheduler {
  readonly executor: Executor;

  /** Returns the job's id. Not idempotent: look for the name before a retry. Throws `scheduler-rejected`. */
  submit(submission: Submission): Promise<string>;

  /**
   * Returns the status of these jobs of ours, asked for in one call. A job that is missing from the answer is one that
   * the scheduler does not remember: it ended some time ago, or never existed.
   */
  jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>>;

  /** Returns the ids of our jobs of that name that the scheduler still remembers, newest last. */
  find(name: string): Promise<string[]>;

  /**
   * Returns where exactly this job comes from; undefined if the scheduler does not remember it. An id that stands for
   * several jobs, as that of a whole job array does, tells of none: its origin is all null.
   */
  origin(id: string): Promise<JobOrigin | undefined>;

  /** Cancels a job. Idempotent: a job that ended or is not remembered counts as cancelled. */
  cancel(id: string): Promise<void>;
}

/**
 * Environment variables that concern a scheduler, as patterns of their names in which `*` stands for any characters.
 * The patterns are written into a shell script as they are.
 */
export interface SchedulerEnvironment {
  /** Where the scheduler is. Its commands, a daemon that systemd or cron starts, and a head job keep these. */
  readonly location: readonly string[];
  /** Which job this is and where its scratch space is. A head job keeps its own, whatever the submitter had. */
  readonly job: readonly string[];
  /** The submitter's own job, session and defaults. They are not passed on to a head job. */
  readonly submitter: readonly string[];
  /** Defaults for the scheduler's commands. They are hidden from the commands that nf-escrow runs, but for `location`. */
  readonly defaults: readonly string[];
}

/** What the environment of a process tells about the job that it runs in; nothing in it is checked yet. */
export interface JobVariables {
  readonly id: string | undefined;
  /** How often the job was restarted; null where the scheduler does not tell. */
  readonly restarts: string | null;
}

/**
 * What nf-escrow knows about one scheduler. A definition imports nothing but this: every `nf-escrow run` reads all of
 * them, and few need a scheduler's commands. Each has a folder with its definition and its commands, a line in the
 * registry, and a name in schemas/executor.json; nothing else names a scheduler.
 */
export interface SchedulerDefinition {
  readonly executor: Executor;
  /** What Nextflow calls it, in capitals, as in its log: `[PBSPRO] submitted process …`. */
  readonly logNames: readonly string[];
  /** The command that submits a job, for messages. */
  readonly submitCommand: string;
  /** A command whose presence on PATH tells this scheduler from those after it in the registry. */
  readonly markerCommand: string;
  /** The whole format of a job id, bounded in length. An id never begins with `-`, which would make it an option. */
  readonly jobId: RegExp;
  /** Matches, of these ids, those of a task of a job array. */
  readonly arrayTask: RegExp;
  readonly environment: SchedulerEnvironment;
  /** Reads the job that a process with this environment runs in; its id is undefined where it runs in none. */
  readonly readJob: (env: Environment) => JobVariables;
  /** Reads the host from which the job of this environment was submitted. */
  readonly readSubmitHost: (env: Environment) => string | undefined;
  /** Whether options of a submission have the scheduler restart the job after a preemption or the failure of a node. */
  readonly requestsRequeue: (options: readonly string[]) => boolean;
  /** Loads what every state of a job means, by the scheduler's own words. */
  readonly states: () => Promise<Readonly<Record<string, JobState>>>;
  /** Loads the scheduler's client, whose commands are run by `run`. */
  readonly load: (run: RunCommand) => Promise<Scheduler>;
}
