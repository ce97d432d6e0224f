import { asEscrowError } from '../../errors.ts';
import { monotonic, type RunDependencies } from '../dependencies.ts';
import { cancelOrphanedJobs } from './cancel-orphaned-jobs.ts';
import { refreshOrphanedJobs } from './orphaned-jobs.ts';
import { getRun } from '../records/queries.ts';

interface Moment {
  readonly clock: number;
  readonly elapsed: number;
}

/** Decides which purges wait for orphaned jobs. Each daemon has one instance. */
export class PurgeHold {
  readonly #deps: RunDependencies;
  /** When a run was first seen to wait. The rest of its wait is measured on the monotonic clock. */
  readonly #first = new Map<string, Moment>();

  constructor(deps: RunDependencies) {
    this.#deps = deps;
  }

  /** Returns whether the purge of an ended run must wait for orphaned jobs. Cancels the jobs if the policy says so. */
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
        // An unresponsive scheduler must not delay the removal of secrets. The jobs stay in the list.
        this.#deps.log.warn({ run: id, code: asEscrowError(error).code }, 'cannot cancel orphaned jobs');
      }
      return false;
    }
    const { ended_at } = await getRun(this.#deps.ledger.db, id);
    const now = { clock: this.#deps.clock().getTime(), elapsed: monotonic(this.#deps) };
    const first = this.#first.get(id) ?? now;
    this.#first.set(id, first);
    // Not negative: the clock may have been set back since the end.
    const before = Math.max(0, first.clock - Date.parse(ended_at ?? ''));
    return before + (now.elapsed - first.elapsed) < onLost.wait * 1000;
  }
}
