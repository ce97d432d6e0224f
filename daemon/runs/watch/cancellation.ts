import { setTimeout as sleep } from 'node:timers/promises';
import type { Process, HeadJob } from '../../contract/types.ts';
import { systemCode } from '../../errors.ts';
import { liveness, signal } from '../../system/processes/process-identity.ts';
import { step } from '../../system/steps.ts';
import type { RunDependencies } from '../dependencies.ts';
import { requestCancel } from '../../run-directory/heartbeat.ts';
import { cancelJob } from './head-job-start.ts';
import type { RunRow } from '../records/queries.ts';

/** How long a poll waits for the scheduler to cancel a head. Other work of the poll must not wait longer. */
const ASKING_MS = 2000;

/** Passes cancellation requests on to the head of one run, once per request. */
export class Cancellation {
  readonly #deps: RunDependencies;
  readonly #reach: () => string;
  /** Number of requests that this daemon has passed on. After a restart the daemon passes on the last one again. */
  #cancelled = 0;
  #asking: Promise<boolean> | undefined;

  /** `reach` returns a path that leads to the run directory now. */
  constructor(deps: RunDependencies, reach: () => string) {
    this.#deps = deps;
    this.#reach = reach;
  }

  /**
   * Passes a pending request on. Returns false if that takes too long or fails; the next poll retries. Never throws: the poll
   * must still detect the end of the run.
   */
  async forward(run: RunRow, head: Process | undefined, job: HeadJob | undefined): Promise<boolean> {
    if (run.cancel_requested <= this.#cancelled) return true;
    this.#asking ??= this.#askForEnd(head, job)
      .then((isAsked) => {
        if (isAsked) this.#cancelled = run.cancel_requested;
        return true;
      })
      .catch((error: unknown) => {
        this.#deps.log.error({ run: run.id, code: systemCode(error), err: error }, 'cannot cancel the head');
        return false;
      })
      .finally(() => (this.#asking = undefined));
    return Promise.race([this.#asking, sleep(ASKING_MS, false, { ref: false })]);
  }

  /** Cancels a head job through its scheduler, a head on another host through its shim, and any other with a signal. */
  async #askForEnd(head: Process | undefined, job: HeadJob | undefined): Promise<boolean> {
    if (job?.head === true) {
      await cancelJob(this.#deps, job);
      return true;
    }
    if (head === undefined) return false;
    return step(this.#deps.faults, 'head.end', () => {
      if (liveness(head) !== 'unknown') return signal(head, 'SIGTERM');
      requestCancel(this.#reach());
      return true;
    });
  }
}
