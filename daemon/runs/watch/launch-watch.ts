import { existsSync } from 'node:fs';
import type { HeadJob, Process } from '../../contract/types.ts';
import { revoke } from '../../run-directory/fence.ts';
import { runFile } from '../../run-directory/layout.ts';
import type { LeaseLocation } from '../../stores/store.ts';
import { liveness } from '../../system/processes/process-identity.ts';
import { step } from '../../system/steps.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { headJobOf, type RunRow } from '../records/queries.ts';
import { cancelJob, checkHeadJob } from './head-job-start.ts';
import type { HeadLiveness } from './head-liveness.ts';
import type { Conclusion } from './outcome.ts';
import type { UnknownLiveness } from './unknown-liveness.ts';

/** State of a run before its start. `renew`: it waits in a queue, for any length of time. A conclusion: it was aborted. */
export type LaunchState = 'wait' | 'renew' | 'started' | Conclusion;

/** Watches a run from its materialization to its start, and aborts it if it will not start. */
export class LaunchWatch {
  readonly #deps: RunDependencies;
  readonly #location: LeaseLocation;
  readonly #headLiveness: HeadLiveness;
  readonly #unknown: UnknownLiveness;

  /** `location`: of the run directory. */
  constructor(
    deps: RunDependencies,
    location: LeaseLocation,
    headLiveness: HeadLiveness,
    unknown: UnknownLiveness,
  ) {
    this.#deps = deps;
    this.#location = location;
    this.#headLiveness = headLiveness;
    this.#unknown = unknown;
  }

  async poll(run: RunRow): Promise<LaunchState> {
    const directory = this.#deps.runDirectories.reach(this.#location.target);
    if (existsSync(runFile(directory, 'started'))) return 'started';
    const job = headJobOf(run);
    if (job?.head === true && job.name !== null) return this.#pollHeadJob(run, job);
    const late = run.launch_deadline < now(this.#deps);
    const cancelled = run.cancel_requested > 0;
    if (!late && !cancelled && liveness(JSON.parse(run.launcher) as Process) !== 'ended') return 'wait';
    return this.#callOff(
      run,
      cancelled
        ? { outcome: 'cancelled', evidence: 'cancelled before the start' }
        : {
            outcome: 'aborted',
            evidence: late ? 'not started before the deadline' : 'the launcher ended before the start',
          },
    );
  }

  async #pollHeadJob(run: RunRow, job: HeadJob): Promise<LaunchState> {
    const found = await checkHeadJob(this.#deps, run, job);
    this.#unknown.record(found === 'wait');
    if (found === 'renew') return found;
    if (found !== 'wait') return this.#callOff(run, found, job);
    if (!(await this.#unknown.hasExpired())) return found;
    const evidence = 'the scheduler reported nothing about the job until the leases expired';
    return this.#callOff(run, { outcome: 'aborted', evidence }, job);
  }

  /** Fence: exactly one process renames `armed`. If the shim did, the run is running, and the next poll detects that. */
  async #callOff(run: RunRow, conclusion: Conclusion, job?: HeadJob): Promise<LaunchState> {
    const { faults, runDirectories } = this.#deps;
    // The fence is a file: a task may have restored it after the start.
    if (await this.#headLiveness.isHeld()) return 'started';
    if (!(await step(faults, 'fence.revoke', () => revoke(runDirectories, this.#location)))) return 'wait';
    try {
      if (job !== undefined) await cancelJob(this.#deps, job);
    } catch (error) {
      // The removal of secrets does not wait for the job. If the job starts, it finds the fence revoked and exits.
      this.#deps.log.warn({ run: run.id, err: error }, 'cannot cancel the job of an aborted run');
    }
    return conclusion;
  }
}
