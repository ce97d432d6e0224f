import { ended, running, waiting } from '../job-state.ts';
import type { JobState } from '../scheduler.ts';

/**
 * bjobs(1), "STAT". UNKWN is a job whose host cannot be reached, ZOMBI one that was ended meanwhile and may go on there
 * all the same: both may be alive.
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
