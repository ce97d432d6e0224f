import { ended, running, waiting } from '../job-state.ts';
import type { JobState } from '../scheduler.ts';

/**
 * qstat(1B), "job_state", of PBS Pro and of Torque. M, moved to another server, is told of by that one alone. None tells
 * why a job ended.
 */
export const states: Readonly<Record<string, JobState>> = {
  Q: waiting,
  H: waiting,
  W: waiting,
  T: waiting,
  R: running,
  B: running,
  E: running,
  S: running,
  U: running,
  C: ended(null),
  F: ended(null),
  X: ended(null),
};
