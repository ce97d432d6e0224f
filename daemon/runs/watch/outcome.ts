import type { Run } from '../../contract/types.ts';
import type { PluginRunEnd } from '../../nextflow/logs/events.ts';
import type { LogFacts } from '../../nextflow/logs/log.ts';
import { describeEnd } from '../../schedulers/job-state.ts';
import type { JobEnd, JobStatus } from '../../schedulers/scheduler.ts';
import { escapeText } from '../../system/escape-text.ts';

/** Evidence about the end of a head. */
export interface Evidence {
  /** From the exit file. Undefined if the shim was killed before it wrote the file. */
  readonly exitStatus: number | undefined;
  /** There is an exit file, but the shim did not write it. */
  readonly isExitForged?: boolean;
  /** Only quoted, because a pipeline's log output can imitate Nextflow's own lines. */
  readonly log: LogFacts;
  /** The end as the plugin reported it. Undefined if it did not. */
  readonly end?: PluginRunEnd | undefined;
  /** Whether someone cancelled the run through nf-escrow. */
  readonly cancelRequested: boolean;
  /** The scheduler's status of the job that contains the head, if any. */
  readonly job?: Pick<JobStatus, 'end' | 'state'> | undefined;
  /** Whether the job contains nothing but the head, and ends with it. */
  readonly jobIsHead?: boolean | undefined;
}

export interface Conclusion {
  readonly outcome: NonNullable<Run['outcome']>;
  readonly evidence: string;
}

/** The exception with which Nextflow aborts a session on a signal. Source: nextflow.exception, since 24.04. */
const ABORTED_BY_SIGNAL = 'nextflow.exception.AbortSignalException';
/** Shell exit statuses for the signals with which people and schedulers end a run: HUP, INT, TERM. */
const ENDING_STATUSES = [129, 130, 143];

/** Outcome of a run by the end of the job that contains its head, if nothing closer to the head decides. */
const OUTCOME_OF_JOB: Readonly<Partial<Record<JobEnd, Conclusion['outcome']>>> = {
  terminated: 'failed',
  'node-lost': 'failed',
  cancelled: 'cancelled',
};

/** The same for a head job, whose exit status is that of Nextflow. */
const OUTCOME_OF_HEAD_JOB: typeof OUTCOME_OF_JOB = {
  ...OUTCOME_OF_JOB,
  completed: 'succeeded',
  failed: 'failed',
};

/**
 * Decides how a run ended. The exit status takes precedence, then the plugin's report, then the scheduler's status of the
 * head's job. The log decides nothing, and is quoted as additional information.
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
  if (cancelRequested) return { outcome: 'cancelled', evidence: `${what}; cancellation requested` };
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
    if (outcome !== undefined) return { outcome, evidence: `${what}; job: ${describeEnd(job)}` };
  }
  return { outcome: 'lost', evidence: `${what}; the head has ended, and no record shows how` };
}

function quoteLog({ abortCause, completed, goodbye }: LogFacts): string | undefined {
  if (abortCause !== undefined) return `session aborted, cause: "${escapeText(abortCause)}"`;
  return completed === true && goodbye === true ? 'execution complete' : undefined;
}
