import { ended, running, waiting } from '../job-state.ts';
import type { JobState } from '../scheduler.ts';

/**
 * Source: bjobs(1), "STAT". UNKWN: the host is unreachable. ZOMBI: a job was killed while its host was unreachable. Both may
 * still be alive.
 */
export const states: Readonly<Record<string, JobState>> = {
  PEND: waiting,
  PSUSP: waiting,
  WAIT: waiting,
  FWD_PEND: waiting,
  PROV: running,
  RUN: running,
  USUSP: running,
  SSUSP: running,
  UNKWN: running,
  ZOMBI: running,
  DONE: ended('completed'),
  EXIT: ended('failed'),
};
