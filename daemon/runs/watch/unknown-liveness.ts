import { monotonic, now, type RunDependencies } from '../dependencies.ts';
import { leasesOf } from '../records/queries.ts';

/**
 * How long liveness must be unknown before expired leases count, in milliseconds on the monotonic clock. If the wall clock
 * is set forward, leases look expired. A shim on another host needs this long to show a heartbeat.
 */
const CONFIRM_MS = 5 * 60_000;

/** Decides when a run with unknown liveness may be treated as ended: after all its leases have expired. */
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
    // Leases that are already removed do not count.
    return leases.every(({ state, expires_at }) => state === 'gone' || expires_at < now(this.#deps));
  }
}
