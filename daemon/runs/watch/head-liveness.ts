import { existsSync } from 'node:fs';
import type { Process, HeadJob } from '../../contract/types.ts';
import { fifoState } from '../../system/files/fifo.ts';
import { bootId, liveness, type Liveness } from '../../system/processes/process-identity.ts';
import type { CachedJobStatus } from '../../schedulers/job-status-cache.ts';
import type { RunDependencies } from '../dependencies.ts';
import { Heartbeat } from '../../run-directory/heartbeat.ts';
import { runFile } from '../../run-directory/layout.ts';

/**
 * Whether the head of a run lives. Liveness before tidiness: only what was seen to be gone counts as ended, and what
 * cannot be seen from here is unknown.
 */
export class HeadLiveness {
  readonly #deps: Pick<RunDependencies, 'jobStatus'>;
  readonly #directory: string;
  readonly #heartbeat: Heartbeat;

  constructor(deps: Pick<RunDependencies, 'jobStatus'>, directory: string, clock?: () => number) {
    this.#deps = deps;
    this.#directory = directory;
    this.#heartbeat = new Heartbeat(directory, clock);
  }

  /** `head` is undefined while nobody has told yet which process it is. */
  of(head: Process | undefined, job: HeadJob | undefined, launcher: Process | undefined): Liveness {
    const beats = this.#heartbeat.isBeating();
    // A FIFO tells of the kernel that we share with whoever holds it, and of no other.
    const away = head === undefined ? job !== undefined || isAway(launcher) : isAway(head);
    // Its kernel is gone, and what it had started with it: the record of the head went with the machine's power.
    if (
      head === undefined &&
      job === undefined &&
      launcher !== undefined &&
      away &&
      liveness(launcher) === 'ended'
    )
      return 'ended';
    if (away) return this.#outOfSight(head, job, beats);
    const fifo = fifoState(runFile(this.#directory, 'alive'));
    if (fifo === 'held') return 'alive';
    // Without its directory a run cannot be told to be over: a file system may be away, and come back.
    if (head === undefined) return existsSync(this.#directory) ? 'ended' : 'unknown';
    // Whoever was seen to live does, even where the FIFO is not the one it inherited any more.
    const life = liveness(head);
    if (life === 'unknown' && fifo === 'free') return 'ended';
    // A job that is started again goes on as another process.
    return life === 'ended' && this.#isBackInQueue(job) ? 'alive' : life;
  }

  #outOfSight(head: Process | undefined, job: HeadJob | undefined, beats: boolean): Liveness {
    const life = head === undefined ? 'unknown' : liveness(head);
    if (life !== 'unknown') return life;
    const word = job?.id == null ? undefined : this.#deps.jobStatus.status(job.executor, job.id);
    // A node that its scheduler has lost may be at work all the same.
    if (job?.head === true && word?.phase === 'ended' && word.end !== 'node-lost') return 'ended';
    if (beats) return 'alive';
    if (job === undefined || word === undefined) return 'unknown';
    if (word.phase === 'ended' || word.phase === 'forgotten') return 'ended';
    if (job.head) return 'alive'; // also one that waits to be started again
    // In a job of the user's own the head may be long over; but one that was started again has lost what ran in it.
    return word.phase === 'waiting' || isNewer(word, job) ? 'ended' : 'unknown';
  }

  #isBackInQueue(job: HeadJob | undefined): boolean {
    if (job?.head !== true || job.id === null || !existsSync(runFile(this.#directory, 'requeue')))
      return false;
    const word = this.#deps.jobStatus.status(job.executor, job.id);
    return word === undefined || word.phase === 'waiting' || word.phase === 'running';
  }
}

function isAway(process: Process | undefined): boolean {
  return process !== undefined && process.bootId !== bootId();
}

/** Whether a job was started anew since. */
function isNewer({ restarts }: CachedJobStatus, job: HeadJob): boolean {
  return restarts !== null && job.restarts !== null && restarts > job.restarts;
}
