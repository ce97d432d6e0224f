import { Backoff } from '../../system/time/backoff.ts';
import { monotonic, type RunDependencies } from '../dependencies.ts';
import { getRun } from '../records/queries.ts';
import { purgeRun } from './purge.ts';
import type { PurgeHold } from './purge-hold.ts';

const PAUSES = { first: 2000, longest: 5 * 60_000 };

/** Retries the purge of one ended run with exponential backoff, until it succeeds. */
export class PurgeRetry {
  readonly #deps: RunDependencies;
  readonly #run: string;
  readonly #hold: PurgeHold;
  readonly #backoff = new Backoff(PAUSES);
  /** Time of the next attempt, on the monotonic clock. */
  #nextAt = 0;

  constructor(deps: RunDependencies, run: string, hold: PurgeHold) {
    this.#deps = deps;
    this.#run = run;
    this.#hold = hold;
  }

  /** Purges if an attempt is due and not on hold. Calls `beforePurge` first. Returns whether the run is purged. */
  async tryIfDue(beforePurge: () => void): Promise<boolean> {
    if (monotonic(this.#deps) < this.#nextAt || (await this.#hold.applies(this.#run))) return false;
    beforePurge();
    try {
      await purgeRun(this.#deps, this.#run);
    } finally {
      // Back off even if the attempt could not be recorded: each attempt delays others that wait for the ledger.
      this.#nextAt = monotonic(this.#deps) + this.#backoff.next();
    }
    return (await getRun(this.#deps.ledger.db, this.#run)).state === 'purged';
  }
}
