import type { Executor } from '../contract/types.ts';
import type { Environment } from '../config/paths.ts';
import type { RunCommand } from './command.ts';

/** Why a job ended, in terms that are the same for every scheduler. */
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

/** Meaning of a scheduler's state name. */
export type JobState =
  | { readonly phase: 'waiting' | 'running'; readonly end: null }
  /** Final: a job that the scheduler will restart is `waiting`. `end` is null if the state does not show the reason. */
  | { readonly phase: 'ended'; readonly end: JobEnd | null };

/** A job as its scheduler reports it. */
export type JobStatus = JobState & {
  readonly id: string;
  /** The scheduler's state name. */
  readonly state: string;
  /** Number of restarts. Null if the scheduler does not report it. */
  readonly restarts: number | null;
};

/**
 * Origin of a job as its scheduler reports it. Null: not reported. Job names and ids prove nothing: users choose the names,
 * and logs with ids can be forged.
 */
export interface JobOrigin {
  /** The user who submitted it. */
  readonly owner: string | null;
  readonly isOurs: boolean;
  /** The directory from which it was submitted. */
  readonly workDirectory: string | null;
  /** The latest time that the scheduler's answer permits, in milliseconds since 1970. Some schedulers report minutes. */
  readonly submittedAt: number | null;
}

/** A job to submit. */
export interface Submission {
  /** Identifies the job if the scheduler's reply with the id was lost. */
  readonly name: string;
  /** A script that all nodes can read. It receives no arguments and, as far as the scheduler permits, no environment. */
  readonly script: string;
  /** The file for the job's output. A restart appends to it. */
  readonly output: string;
  /** Whether the scheduler may restart the job after a preemption or a node failure. */
  readonly requeue: boolean;
  /** The user's own options. They come last and therefore take precedence. */
  readonly options: readonly string[];
}

/**
 * A scheduler, used through its own commands. All methods throw `scheduler-unavailable` if it does not respond or its answer
 * is not understood. Nothing may be concluded then.
 */
export interface Scheduler {
  readonly executor: Executor;

  /** Returns the job's id. Not idempotent: look for the name before a retry. Throws `scheduler-rejected`. */
  submit(submission: Submission): Promise<string>;

  /**
   * Returns the status of our jobs with these ids, in as few calls as possible. The scheduler does not remember a job that is missing from the
   * result: it ended some time ago or never existed.
   */
  jobs(ids: readonly string[]): Promise<ReadonlyMap<string, JobStatus>>;

  /** Returns the ids of our jobs of that name that the scheduler still remembers, newest last. */
  find(name: string): Promise<string[]>;

  /**
   * Returns the origin of a job. Undefined if the scheduler does not remember it. For an id that denotes several jobs, such
   * as that of a whole job array, all properties are null.
   */
  origin(id: string): Promise<JobOrigin | undefined>;

  /** Cancels a job. Idempotent: an ended or forgotten job counts as cancelled. */
  cancel(id: string): Promise<void>;
}

/**
 * Environment variables of a scheduler, as patterns of names in which `*` matches any characters. The patterns are copied
 * into a shell script.
 */
export interface SchedulerEnvironment {
  /** Variables that locate the scheduler. Its commands, a daemon started by systemd or cron, and a head job keep them. */
  readonly location: readonly string[];
  /** Variables that describe the job and its scratch space. A head job keeps its own, not those of the submitter. */
  readonly job: readonly string[];
  /** Variables of the submitter's own job, session and defaults. They do not reach a head job. */
  readonly submitter: readonly string[];
  /** Defaults of the scheduler's commands. Commands that nf-escrow runs do not see them, except those in `location`. */
  readonly defaults: readonly string[];
}

/** What the environment of a process says about its job. The values are not validated yet. */
interface JobVariables {
  readonly id: string | undefined;
  /** Number of restarts. Null if the scheduler does not report it. */
  readonly restarts: string | null;
}

/**
 * Definition of one scheduler. It imports nothing but this file, because every `nf-escrow run` loads all definitions and few
 * need a scheduler's commands. Each scheduler has a folder with its definition and client, a line in the registry, and a name
 * in schemas/executor.json. No other code names a scheduler.
 */
export interface SchedulerDefinition {
  readonly executor: Executor;
  /** Nextflow's names for it, in capitals, as in the log: `[PBSPRO] submitted process …`. */
  readonly logNames: readonly string[];
  /** The command that submits a job, for messages. */
  readonly submitCommand: string;
  /** A command on PATH that distinguishes this scheduler from later ones in the registry. */
  readonly markerCommand: string;
  /** Format of a whole job id, with bounded length. An id never begins with `-`, which would make it an option. */
  readonly jobId: RegExp;
  /** Matches the ids of job array tasks. */
  readonly arrayTask: RegExp;
  readonly environment: SchedulerEnvironment;
  /** Reads the job of a process from its environment. The id is undefined if the process is not in a job. */
  readonly readJob: (env: Environment) => JobVariables;
  /** Reads the host from which the job was submitted. */
  readonly readSubmitHost: (env: Environment) => string | undefined;
  /** Returns whether submit options make the scheduler restart the job after a preemption or a node failure. */
  readonly requestsRequeue: (options: readonly string[]) => boolean;
  /** Loads the meaning of every state name. */
  readonly states: () => Promise<Readonly<Record<string, JobState>>>;
  /** Loads the scheduler's client, which runs commands with `run`. */
  readonly load: (run: RunCommand) => Promise<Scheduler>;
}
