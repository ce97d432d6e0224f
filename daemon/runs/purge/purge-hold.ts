import { asEscrowError } from '../../errors.ts';
import { monotonic, type RunDependencies } from '../dependencies.ts';
import { cancelOrphanedJobs } from './cancel-orphaned-jobs.ts';
import { refreshOrphanedJobs } from './orphaned-jobs.ts';
import { getRun } from '../records/queries.ts';

interface Moment {
  readonly clock: number;
  readonly elapsed: number;
}

/** Tells which purges have to wait for jobs that were left behind. One for a daemon. */
export class PurgeHold {
  readonly #deps: RunDependencies;
  /** When a run was first seen to wait: its wait is counted from then on by the clock that nobody sets. */
  readonly #first = new Map<string, Moment>();

  constructor(deps: RunDependencies) {
    this.#deps = deps;
  }

  /** Whether the purge of a run that is over has to wait for jobs of it. Cancels them where that is wanted. */
  async applies(id: string): Promise<boolean> {
    const isHeld = await this.#holds(id);
    if (!isHeld) this.#first.delete(id);
    return isHeld;
  }

  async #holds(id: string): Promise<boolean> {
    const { onLost } = this.#deps;
    if (onLost === 'purge-now' || (await refreshOrphanedJobs(this.#deps, id)) === 0) return false;
    if (onLost === 'cancel-jobs') {
      try {
        await cancelOrphanedJobs(this.#deps, id);
      } catch (error) {
        // Nothing keeps secrets for the sake of a scheduler that does not answer; the jobs stay on the list.
        this.#deps.log.warn(
          { run: id, code: asEscrowError(error).code },
          'jobs that were left could not be cancelled',
        );
      }
      return false;
    }
    const { ended_at } = await getRun(this.#deps.ledger.db, id);
    const now = { clock: this.#deps.clock().getTime(), elapsed: monotonic(this.#deps) };
    const first = this.#first.get(id) ?? now;
    this.#first.set(id, first);
    // Not less than nothing: the clock may have been set back since it ended.
    const before = Math.max(0, first.clock - Date.parse(ended_at ?? ''));
    return before + (now.elapsed - first.elapsed) < onLost.wait * 1000;
  }
}
