import type { JobEnd, JobState, JobStatus } from './scheduler.ts';

/** Waits in its queue, or to be restarted. */
export const waiting: JobState = { phase: 'waiting', end: null };
/** Has processes, or may have some. */
export const running: JobState = { phase: 'running', end: null };

/** Returns the state of a job that ended, and why if its state tells. */
export function ended(end: JobEnd | null): JobState {
  return { phase: 'ended', end };
}

/** Returns what a scheduler's word means; undefined for one that its table does not have. */
export function findState(
  states: Readonly<Record<string, JobState>>,
  word: string | undefined,
): JobState | undefined {
  return word !== undefined && Object.hasOwn(states, word) ? states[word] : undefined;
}

const REASONS: Readonly<Record<JobEnd, string>> = {
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  terminated: 'terminated by the scheduler',
  'node-lost': 'node lost',
};

/** Returns why a job ended, with the scheduler's own word in parentheses; only that word where it tells no reason. */
export function describeEnd({ end, state }: Pick<JobStatus, 'end' | 'state'>): string {
  return end === null ? state : `${REASONS[end]} (${state})`;
}
