import { running, waiting } from '../job-state.ts';
import type { JobState } from '../scheduler.ts';

/**
 * The lists of `qstat -xml`. They tell the phase; the letters of a job's own state, such as `hRwq`, combine what holds it
 * with what is being done to it. Jobs that ended are in neither.
 */
export const states: Readonly<Record<string, JobState>> = {
  pending: waiting,
  running,
};
