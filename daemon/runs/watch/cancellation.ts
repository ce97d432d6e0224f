import { setTimeout as sleep } from 'node:timers/promises';
import type { Process, HeadJob } from '../../contract/types.ts';
import { systemCode } from '../../errors.ts';
import { liveness, signal } from '../../system/processes/process-identity.ts';
import { step } from '../../system/steps.ts';
import type { RunDependencies } from '../dependencies.ts';
import { requestCancel } from '../../run-directory/heartbeat.ts';
import { cancelJob } from './head-job-start.ts';
import type { RunRow } from '../records/queries.ts';

/** A scheduler that is to end a head is waited for so long; what else there is to see must not wait longer. */
const ASKING_MS = 2000;

/** Passes on to the head of one run that its end is wanted, once for each time that somebody has asked for it. */
export class Cancellation {
  readonly #deps: RunDependencies;
  readonly #directory: string;
  /** How often the head was asked to end, by this daemon: one that replaces it asks once more. */
  #cancelled = 0;
  #asking: Promise<boolean> | undefined;

  /** `directory`: the run's. */
  constructor(deps: RunDependencies, directory: string) {
    this.#deps = deps;
    this.#directory = directory;
  }

  /**
   * False: it takes long, or has failed, and the next look tries it again. Never throws: it keeps no look from seeing the
   * end, which may come all the same while a scheduler does not answer.
   */
  async forward(run: RunRow, head: Process | undefined, job: HeadJob | undefined): Promise<boolean> {
    if (run.cancel_requested <= this.#cancelled) return true;
    this.#asking ??= this.#askForEnd(head, job)
      .then((isAsked) => {
        if (isAsked) this.#cancelled = run.cancel_requested;
        return true;
      })
      .catch((error: unknown) => {
        this.#deps.log.error(
          { run: run.id, code: systemCode(error), err: error },
          'its end could not be asked for',
        );
        return false;
      })
      .finally(() => (this.#asking = undefined));
    return Promise.race([this.#asking, sleep(ASKING_MS, false, { ref: false })]);
  }

  /** A head that is a job is ended through its scheduler; one out of sight by its shim; any other by a signal. */
  async #askForEnd(head: Process | undefined, job: HeadJob | undefined): Promise<boolean> {
    if (job?.head === true) {
      await cancelJob(this.#deps, job);
      return true;
    }
    if (head === undefined) return false;
    return step(this.#deps.faults, 'head.end', () => {
      if (liveness(head) !== 'unknown') return signal(head, 'SIGTERM');
      requestCancel(this.#directory);
      return true;
    });
  }
}
