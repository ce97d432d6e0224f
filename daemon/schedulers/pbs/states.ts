import { ended, running, waiting } from '../job-state.ts';
import type { JobState } from '../scheduler.ts';

/**
 * Source: qstat(1B), "job_state", of PBS Pro and of Torque. A job in state M was moved to another server, which alone reports
 * its state. No state contains the reason of an end.
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
