import type { Run } from '../../contract/types.ts';
import type { PluginRunEnd } from '../../nextflow/logs/events.ts';
import type { LogFacts } from '../../nextflow/logs/log.ts';
import { describeEnd } from '../../schedulers/job-state.ts';
import type { JobEnd, JobStatus } from '../../schedulers/scheduler.ts';

/** What is known of the end of a head. */
export interface Evidence {
  /** From the exit file; undefined: there is none, as the shim did not live to write it. */
  readonly exitStatus: number | undefined;
  readonly log: LogFacts;
  /** How the plugin saw it end; undefined where it did not. */
  readonly end?: PluginRunEnd | undefined;
  /** Someone asked nf-escrow to end the run. */
  readonly cancelRequested: boolean;
  /** What the scheduler tells of the head's job, where it is in one. */
  readonly job?: Pick<JobStatus, 'end' | 'state'> | undefined;
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

/** What the end of a job says of the run whose head was in it, where nothing nearer tells. */
const OUTCOME_OF_JOB: Readonly<Partial<Record<JobEnd, Conclusion['outcome']>>> = {
  terminated: 'failed',
  'node-lost': 'failed',
  cancelled: 'cancelled',
};

/** The same of a job that is the head's alone: its script's status is nextflow's. */
const OUTCOME_OF_HEAD_JOB: typeof OUTCOME_OF_JOB = {
  ...OUTCOME_OF_JOB,
  completed: 'succeeded',
  failed: 'failed',
};

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
  if (job?.end != null) {
    const outcome = (jobIsHead === true ? OUTCOME_OF_HEAD_JOB : OUTCOME_OF_JOB)[job.end];
    if (outcome !== undefined) return { outcome, evidence: `${what}; its job: ${describeEnd(job)}` };
  }
  return { outcome: 'lost', evidence: `${what}; the head is gone and its log does not tell the end` };
}
