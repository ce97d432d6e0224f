import type { JobEnd, JobState, JobStatus } from './scheduler.ts';

/** Waits in its queue or for a restart. */
export const waiting: JobState = { phase: 'waiting', end: null };
/** Has processes, or may have some. */
export const running: JobState = { phase: 'running', end: null };

/** Returns the state of an ended job, with the reason if it is known. */
export function ended(end: JobEnd | null): JobState {
  return { phase: 'ended', end };
}

/** Returns the meaning of a scheduler's state name. Undefined if its table does not contain the name. */
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

/** Describes why a job ended, with the scheduler's state name. Returns only the state name if the reason is unknown. */
export function describeEnd({ end, state }: Pick<JobStatus, 'end' | 'state'>): string {
  return end === null ? state : `${REASONS[end]} (${state})`;
}
