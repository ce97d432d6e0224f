import { monotonic, type RunDependencies } from '../dependencies.ts';
import { getRun } from '../records/queries.ts';
import { purgeRun } from './purge.ts';
import type { PurgeHold } from './purge-hold.ts';

const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Retries the purge of one ended run with exponential backoff, until it succeeds. */
export class PurgeRetry {
  readonly #deps: RunDependencies;
  readonly #run: string;
  readonly #hold: PurgeHold;
  #pause = 0;
  /** On the monotonic clock. */
  #nextAt = 0;

  constructor(deps: RunDependencies, run: string, hold: PurgeHold) {
    this.#deps = deps;
    this.#run = run;
    this.#hold = hold;
  }

  /** Tries the purge if it is due and not on hold; `beforePurge` runs before it. Returns whether the run is purged. */
  async tryIfDue(beforePurge: () => void): Promise<boolean> {
    if (monotonic(this.#deps) < this.#nextAt || (await this.#hold.applies(this.#run))) return false;
    beforePurge();
    try {
      await purgeRun(this.#deps, this.#run);
    } finally {
      // Also after an attempt that could not even be recorded: each attempt delays others that wait for the ledger.
      this.#pause = Math.min(Math.max(this.#pause * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
      this.#nextAt = monotonic(this.#deps) + this.#pause;
    }
    return (await getRun(this.#deps.ledger.db, this.#run)).state === 'purged';
  }
}
