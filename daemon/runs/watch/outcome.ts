import type { Run } from '../../contract/types.ts';
import type { PluginRunEnd } from '../../nextflow/logs/events.ts';
import type { LogFacts } from '../../nextflow/logs/log.ts';

/** What is known of the end of a head. */
export interface Evidence {
  /** From the exit file; undefined: there is none, as the shim did not live to write it. */
  readonly exitStatus: number | undefined;
  readonly log: LogFacts;
  /** How the plugin saw it end; undefined where it did not. */
  readonly end?: PluginRunEnd | undefined;
  /** Someone asked nf-escrow to end the run. */
  readonly cancelRequested: boolean;
  /** The scheduler's word on the head's job, where it is in one. */
  readonly job?: string | undefined;
  /** Whether that job is the head's alone, and ends as it does. */
  readonly jobIsHead?: boolean | undefined;
}

export interface Conclusion {
  readonly outcome: NonNullable<Run['outcome']>;
  readonly evidence: string;
}

/** Signals by which a person or a scheduler ends a run, as Nextflow names them in its log and a shell in the status. */
const ENDING_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'];
const ENDING_STATUSES = [129, 130, 143];

/** Ends of a job that its scheduler is the cause of, as Slurm names them. */
const FAILED_JOB = /^(TIMEOUT|NODE_FAIL|PREEMPTED|BOOT_FAIL|DEADLINE|OUT_OF_MEMORY)$/;

/** What a job of the head's alone ended with, where nothing nearer tells: its script's status is nextflow's. */
const DONE_JOB = /^(COMPLETED|DONE)$/;
const EXITED_JOB = /^(FAILED|EXIT)$/;

/** How a run ended. "Succeeded" is said only where the exit status, or the whole end of the log, says it. */
export function concludeOutcome({
  exitStatus,
  log,
  end,
  cancelRequested,
  job,
  jobIsHead,
}: Evidence): Conclusion {
  const cause = log.abortCause;
  if (exitStatus === 0) return { outcome: 'succeeded', evidence: 'exit status 0' };
  const what = exitStatus === undefined ? 'no exit status' : `exit status ${String(exitStatus)}`;
  if (cause !== undefined && ENDING_SIGNALS.includes(cause))
    return { outcome: 'cancelled', evidence: `${what}; log: ${cause}` };
  if (cancelRequested) return { outcome: 'cancelled', evidence: `${what}; cancel was asked for` };
  if (exitStatus !== undefined && ENDING_STATUSES.includes(exitStatus))
    return { outcome: 'cancelled', evidence: what };
  if (exitStatus !== undefined) return { outcome: 'failed', evidence: what };
  if (cause !== undefined) return { outcome: 'failed', evidence: `${what}; log: session aborted` };
  if (end !== undefined && !end.success)
    return { outcome: 'failed', evidence: `${what}; plugin: ended with ${end.error ?? 'an error'}` };
  if (end !== undefined) return { outcome: 'succeeded', evidence: `${what}; plugin: ended without error` };
  if (log.completed === true && log.goodbye === true)
    return { outcome: 'succeeded', evidence: `${what}; log: execution complete` };
  if (job !== undefined && FAILED_JOB.test(job))
    return { outcome: 'failed', evidence: `${what}; its job: ${job}` };
  if (job === 'CANCELLED') return { outcome: 'cancelled', evidence: `${what}; its job: ${job}` };
  if (jobIsHead === true && job !== undefined && DONE_JOB.test(job))
    return { outcome: 'succeeded', evidence: `${what}; its job: ${job}` };
  if (jobIsHead === true && job !== undefined && EXITED_JOB.test(job))
    return { outcome: 'failed', evidence: `${what}; its job: ${job}` };
  return { outcome: 'lost', evidence: `${what}; the head is gone and its log does not tell the end` };
}
