import { asEscrowError } from '../../errors.ts';
import { step } from '../../system/steps.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf, locationOf, type LeaseRow } from '../records/queries.ts';

/** How long after a renewal that failed it is tried again. A dead man's switch goes off a day and a half after it. */
const AGAIN_MS = 5 * 60_000;

/** Keeps the leases of one live run from running out: in the ledger, and in the objects themselves, for whoever finds them. */
export class LeaseRenewal {
  readonly #deps: RunDependencies;
  readonly #run: string;
  /** Leases whose objects may tell an earlier time than the ledger; undefined before the first look. */
  #behind: Set<string> | undefined;
  #tryAfter = -Infinity;

  constructor(deps: RunDependencies, run: string) {
    this.#deps = deps;
    this.#run = run;
  }

  async renewIfDue(): Promise<void> {
    const leases = await leasesOf(this.#deps.ledger.db, this.#run);
    // The daemon before this one may have ended before an object was told.
    this.#behind ??= new Set(leases.filter(wasRenewed).map(({ id }) => id));
    const half = now(this.#deps, LEASE_SECONDS / 2);
    if (leases.some(({ expires_at }) => expires_at <= half)) {
      await this.#record(now(this.#deps, LEASE_SECONDS));
      for (const { id } of leases) this.#behind.add(id);
      this.#tryAfter = -Infinity;
    }
    if (this.#behind.size === 0 || monotonic(this.#deps) < this.#tryAfter) return;
    this.#tryAfter = monotonic(this.#deps) + AGAIN_MS;
    for (const lease of await leasesOf(this.#deps.ledger.db, this.#run))
      if (this.#behind.has(lease.id) && (await this.#tellObject(lease))) this.#behind.delete(lease.id);
  }

  async #record(expiresAt: string): Promise<void> {
    await write(this.#deps, 'lease.record-renewed', (db) =>
      db.updateTable('leases').set({ expires_at: expiresAt }).where('run_id', '=', this.#run).execute(),
    );
  }

  /** Where that fails nothing is lost yet: who sweeps is shown the run as expired, half a lease early. */
  async #tellObject(lease: LeaseRow): Promise<boolean> {
    const { state, store, target, expires_at } = lease;
    if (state !== 'placed') return true;
    try {
      await step(this.#deps.faults, 'lease.renew', () =>
        this.#deps.removers.get(store)?.renew?.(locationOf(lease), expires_at),
      );
      return true;
    } catch (error) {
      const reason = asEscrowError(error).message;
      this.#deps.log.warn({ run: this.#run, target, reason }, 'the lease was renewed here only');
      return false;
    }
  }
}

function wasRenewed({ created_at, expires_at }: LeaseRow): boolean {
  return Date.parse(expires_at) - Date.parse(created_at) > (LEASE_SECONDS + 60) * 1000;
}
