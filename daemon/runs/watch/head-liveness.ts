import { existsSync } from 'node:fs';
import type { Process, HeadJob } from '../../contract/types.ts';
import { fifoState } from '../../system/files/fifo.ts';
import { findFifoHolders, type FifoHolder } from '../../system/processes/fifo-holders.ts';
import { bootId, liveness, type Liveness } from '../../system/processes/process-identity.ts';
import type { CachedJobStatus } from '../../schedulers/job-status-cache.ts';
import type { RunDependencies } from '../dependencies.ts';
import { Heartbeat } from '../../run-directory/heartbeat.ts';
import { runFile } from '../../run-directory/layout.ts';
import { readClaim } from './head-files.ts';
import { isHeadProgram } from './head-identity.ts';

/** What is known of a head whose liveness is asked for. */
export interface HeadFacts {
  /** Undefined while nobody has told yet which process it is. */
  readonly head: Process | undefined;
  readonly job: HeadJob | undefined;
  readonly launcher: Process | undefined;
  /** The shim, which waits for nextflow, wrote its exit status. */
  readonly hasExit?: boolean;
}

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

  async of({ head, job, launcher, hasExit = false }: HeadFacts): Promise<Liveness> {
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
    if (away) return hasExit ? 'ended' : this.#outOfSight(head, job, beats);
    // Whoever was seen to live does, even where the FIFO is not the one it inherited any more.
    const life = head === undefined ? undefined : liveness(head);
    if (life === 'alive') return 'alive';
    const byFifo = await this.#byFifo(life, hasExit);
    if (byFifo !== 'ended') return byFifo;
    if (hasExit) return 'ended';
    // Without its directory a run cannot be told to be over: a file system may be away, and come back.
    if (life === undefined) return existsSync(this.#directory) ? 'ended' : 'unknown';
    // A job that is started again goes on as another process.
    return this.#isBackInQueue(job) ? 'alive' : 'ended';
  }

  /** Whether a process that may be the head holds the FIFO, wherever that is now. */
  async isHeld(): Promise<boolean> {
    return (await findFifoHolders(runFile(this.#directory, 'alive'))).some((one) => this.#mayBeHead(one));
  }

  /**
   * What the FIFO tells of a head that is not seen otherwise. Who holds it and cannot be the head is a process that the head
   * or a task left behind: after the shim's own word it keeps nothing; without it the run may be alive, and is unknown.
   */
  async #byFifo(life: Liveness | undefined, hasExit: boolean): Promise<Liveness> {
    const path = runFile(this.#directory, 'alive');
    const state = fifoState(path);
    // Where no process is known, or none that can be seen from here, whoever holds it is all that there is of a head.
    if (state === 'held' && life !== 'ended' && !hasExit) return 'alive';
    if (state === 'free' && hasExit) return 'ended';
    // Also where it is not held: a task may have put another one in its place.
    const holders = await findFifoHolders(path);
    if (holders.some((holder) => this.#mayBeHead(holder))) return 'alive';
    if (hasExit) return 'ended';
    if (holders.length > 0 || fifoState(path) === 'held') return 'unknown';
    // In another PID namespace, and nobody holds it: it is not seen, but would be seen to hold it.
    return life === 'unknown' && state !== 'free' ? 'unknown' : 'ended';
  }

  #mayBeHead({ pid, program }: FifoHolder): boolean {
    return isHeadProgram(program) || pid === readClaim(this.#directory);
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
