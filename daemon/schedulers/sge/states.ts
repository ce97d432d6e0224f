import { running, waiting } from '../job-state.ts';
import type { JobState } from '../scheduler.ts';

/**
 * Lists of `qstat -xml`, which show the phase. The letters of a job's own state, such as `hRwq`, combine holds with pending
 * operations. Ended jobs are in neither list.
 */
export const states: Readonly<Record<string, JobState>> = {
  pending: waiting,
  running,
};
