import { ended, running, waiting } from '../job-state.ts';
import type { JobState } from '../scheduler.ts';

/**
 * Source: squeue(1), "JOB STATE CODES". Jobs in REQUEUE_HOLD and SPECIAL_EXIT wait for a release. COMPLETING jobs may still
 * have processes. NODE_FAIL and PREEMPTED are final only while squeue keeps reporting them: a requeued job becomes PENDING
 * immediately. REVOKED: another cluster of a federation runs the job.
 */
export const states: Readonly<Record<string, JobState>> = {
  PENDING: waiting,
  CONFIGURING: waiting,
  REQUEUED: waiting,
  REQUEUE_FED: waiting,
  REQUEUE_HOLD: waiting,
  SPECIAL_EXIT: waiting,
  RESV_DEL_HOLD: waiting,
  RUNNING: running,
  COMPLETING: running,
  SUSPENDED: running,
  STOPPED: running,
  SIGNALING: running,
  STAGE_OUT: running,
  RESIZING: running,
  COMPLETED: ended('completed'),
  FAILED: ended('failed'),
  CANCELLED: ended('cancelled'),
  TIMEOUT: ended('terminated'),
  NODE_FAIL: ended('node-lost'),
  PREEMPTED: ended('terminated'),
  BOOT_FAIL: ended('terminated'),
  DEADLINE: ended('terminated'),
  OUT_OF_MEMORY: ended('terminated'),
  REVOKED: ended(null),
};
