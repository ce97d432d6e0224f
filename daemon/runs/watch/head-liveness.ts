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

/** Known facts about a head. */
export interface HeadFacts {
  /** Undefined until the head's process is known. */
  readonly head: Process | undefined;
  readonly job: HeadJob | undefined;
  readonly launcher: Process | undefined;
  /** Whether the shim, which waits for Nextflow, has written its exit status. */
  readonly hasExit?: boolean;
}

/**
 * Determines whether the head of a run is alive. It counts as ended only on positive evidence. A head that is not visible
 * from this host is unknown.
 */
export class HeadLiveness {
  readonly #deps: Pick<RunDependencies, 'jobStatus'>;
  readonly #reach: () => string;
  readonly #heartbeat: Heartbeat;

  /** `reach` returns a path that leads to the run directory now. */
  constructor(deps: Pick<RunDependencies, 'jobStatus'>, reach: () => string, clock?: () => number) {
    this.#deps = deps;
    this.#reach = reach;
    this.#heartbeat = new Heartbeat(reach, clock);
  }

  async of({ head, job, launcher, hasExit = false }: HeadFacts): Promise<Liveness> {
    const beats = this.#heartbeat.isBeating();
    // A FIFO shows only holders on our own kernel.
    const away = head === undefined ? job !== undefined || isAway(launcher) : isAway(head);
    // The host was rebooted, which ended the head and its children. The power loss may have destroyed the head's record.
    if (
      head === undefined &&
      job === undefined &&
      launcher !== undefined &&
      away &&
      liveness(launcher) === 'ended'
    )
      return 'ended';
    if (away) return hasExit ? 'ended' : this.#outOfSight(head, job, beats);
    // A process that is alive counts, even if the FIFO is no longer the one it inherited.
    const life = head === undefined ? undefined : liveness(head);
    if (life === 'alive') return 'alive';
    const byFifo = await this.#byFifo(life, hasExit);
    if (byFifo !== 'ended') return byFifo;
    if (hasExit) return 'ended';
    // Without its directory a run cannot be judged: the file system may be unmounted for now.
    if (life === undefined) return existsSync(this.#reach()) ? 'ended' : 'unknown';
    // A requeued job continues as another process.
    return this.#isBackInQueue(job) ? 'alive' : 'ended';
  }

  /** Returns whether a process that may be the head holds the FIFO, even if the FIFO was moved. */
  async isHeld(): Promise<boolean> {
    return (await findFifoHolders(runFile(this.#reach(), 'alive'))).some((one) => this.#mayBeHead(one));
  }

  /**
   * Judges a head that is not visible otherwise by the holders of its FIFO. A holder that cannot be the head was left behind
   * by the head or a task. After the shim's exit status such a holder is ignored; without the status the run is unknown.
   */
  async #byFifo(life: Liveness | undefined, hasExit: boolean): Promise<Liveness> {
    const path = runFile(this.#reach(), 'alive');
    const state = fifoState(path);
    // If no process is known or visible, the holder of the FIFO is the only evidence of a head.
    if (state === 'held' && life !== 'ended' && !hasExit) return 'alive';
    if (state === 'free' && hasExit) return 'ended';
    // Search even if the FIFO is free: a task may have replaced it.
    const holders = await findFifoHolders(path);
    if (holders.some((holder) => this.#mayBeHead(holder))) return 'alive';
    if (hasExit) return 'ended';
    if (holders.length > 0 || fifoState(path) === 'held') return 'unknown';
    // The head is in another PID namespace, where it would still be seen to hold the FIFO.
    return life === 'unknown' && state !== 'free' ? 'unknown' : 'ended';
  }

  #mayBeHead({ pid, program }: FifoHolder): boolean {
    return isHeadProgram(program) || pid === readClaim(this.#reach());
  }

  #outOfSight(head: Process | undefined, job: HeadJob | undefined, beats: boolean): Liveness {
    const life = head === undefined ? 'unknown' : liveness(head);
    if (life !== 'unknown') return life;
    const word = job?.id == null ? undefined : this.#deps.jobStatus.status(job.executor, job.id);
    // The head may still run on a node that its scheduler has lost.
    if (job?.head === true && word?.phase === 'ended' && word.end !== 'node-lost') return 'ended';
    if (beats) return 'alive';
    if (job === undefined || word === undefined) return 'unknown';
    if (word.phase === 'ended' || word.phase === 'forgotten') return 'ended';
    if (job.head) return 'alive'; // including a job that waits for its restart
    // In the user's own job, the head may have ended long before the job. A restart of the job ends the head in any case.
    return word.phase === 'waiting' || isNewer(word, job) ? 'ended' : 'unknown';
  }

  #isBackInQueue(job: HeadJob | undefined): boolean {
    if (job?.head !== true || job.id === null || !existsSync(runFile(this.#reach(), 'requeue'))) return false;
    const word = this.#deps.jobStatus.status(job.executor, job.id);
    return word === undefined || word.phase === 'waiting' || word.phase === 'running';
  }
}

function isAway(process: Process | undefined): boolean {
  return process !== undefined && process.bootId !== bootId();
}

/** Returns whether the job has restarted since `job` was recorded. */
function isNewer({ restarts }: CachedJobStatus, job: HeadJob): boolean {
  return restarts !== null && job.restarts !== null && restarts > job.restarts;
}
