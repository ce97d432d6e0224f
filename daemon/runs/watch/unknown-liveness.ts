import { monotonic, now, type RunDependencies } from '../dependencies.ts';
import { leasesOf } from '../records/queries.ts';

/**
 * How long liveness must be unknown before the expiry of leases counts, on the monotonic clock, in milliseconds. A wall clock
 * that is set forward makes leases look expired; a shim that is alive on another host needs this long to be seen counting.
 */
const CONFIRM_MS = 5 * 60_000;

/** Decides when a run whose liveness is unknown may be treated as ended: when all its leases have expired. */
export class UnknownLiveness {
  readonly #deps: RunDependencies;
  readonly #run: string;
  #since: number | undefined;

  constructor(deps: RunDependencies, run: string) {
    this.#deps = deps;
    this.#run = run;
  }

  record(isUnknown: boolean): void {
    this.#since = isUnknown ? (this.#since ?? monotonic(this.#deps)) : undefined;
  }

  async hasExpired(): Promise<boolean> {
    if (monotonic(this.#deps) - (this.#since ?? Infinity) < CONFIRM_MS) return false;
    const leases = await leasesOf(this.#deps.ledger.db, this.#run);
    // Where nothing is left that it could use, there is nothing to wait for.
    return leases.every(({ state, expires_at }) => state === 'gone' || expires_at < now(this.#deps));
  }
}
