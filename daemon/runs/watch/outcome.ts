import type { Run } from '../../contract/types.ts';
import type { PluginRunEnd } from '../../nextflow/logs/events.ts';
import type { LogFacts } from '../../nextflow/logs/log.ts';
import { describeEnd } from '../../schedulers/job-state.ts';
import type { JobEnd, JobStatus } from '../../schedulers/scheduler.ts';
import { escapeText } from '../../system/escape-text.ts';

/** What is known of the end of a head. */
export interface Evidence {
  /** From the exit file; undefined: there is none, as the shim did not live to write it. */
  readonly exitStatus: number | undefined;
  /** There was an exit file that the shim did not write. */
  readonly isExitForged?: boolean;
  /** Only quoted: whatever a pipeline has logged can imitate Nextflow's own lines. */
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

/** By which Nextflow aborts a session at a signal: nextflow.exception, from 24.04 on. */
const ABORTED_BY_SIGNAL = 'nextflow.exception.AbortSignalException';
/** Signals by which a person or a scheduler ends a run, as a shell has them in the status: HUP, INT, TERM. */
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

/**
 * How a run ended. The exit status comes first, then what the plugin saw, then the scheduler's word on the head's job. The
 * log decides nothing; it is quoted where it adds to what is known.
 */
export function concludeOutcome(evidence: Evidence): Conclusion {
  const { outcome, evidence: basis } = decide(evidence);
  if (outcome === 'succeeded') return { outcome, evidence: basis };
  const quoted = quoteLog(evidence.log);
  return { outcome, evidence: quoted === undefined ? basis : `${basis}; the log says: ${quoted}` };
}

function decide({ exitStatus, isExitForged, end, cancelRequested, job, jobIsHead }: Evidence): Conclusion {
  if (exitStatus === 0) return { outcome: 'succeeded', evidence: 'exit status 0' };
  const none =
    isExitForged === true ? 'no exit status, and an exit file that the shim did not write' : 'no exit status';
  const what = exitStatus === undefined ? none : `exit status ${String(exitStatus)}`;
  if (end?.success === false && end.error === ABORTED_BY_SIGNAL)
    return { outcome: 'cancelled', evidence: `${what}; plugin: ended by a signal` };
  if (cancelRequested) return { outcome: 'cancelled', evidence: `${what}; cancel was asked for` };
  if (exitStatus !== undefined && ENDING_STATUSES.includes(exitStatus))
    return { outcome: 'cancelled', evidence: what };
  if (exitStatus !== undefined) return { outcome: 'failed', evidence: what };
  if (end !== undefined && !end.success)
    return {
      outcome: 'failed',
      evidence: `${what}; plugin: ended with ${escapeText(end.error ?? 'an error')}`,
    };
  if (end !== undefined) return { outcome: 'succeeded', evidence: `${what}; plugin: ended without error` };
  if (job?.end != null) {
    const outcome = (jobIsHead === true ? OUTCOME_OF_HEAD_JOB : OUTCOME_OF_JOB)[job.end];
    if (outcome !== undefined) return { outcome, evidence: `${what}; its job: ${describeEnd(job)}` };
  }
  return { outcome: 'lost', evidence: `${what}; the head is gone, and nothing tells how it ended` };
}

function quoteLog({ abortCause, completed, goodbye }: LogFacts): string | undefined {
  if (abortCause !== undefined) return `session aborted, cause: "${escapeText(abortCause)}"`;
  return completed === true && goodbye === true ? 'execution complete' : undefined;
}
