import { asEscrowError } from '../../errors.ts';
import { step } from '../../system/steps.ts';
import { Backoff } from '../../system/time/backoff.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf, locationOf, type LeaseRow } from '../records/queries.ts';

/** Pauses after failed renewals. A dead man's switch fires a day and a half after the last renewal. */
const PAUSES = { first: 60_000, longest: 10 * 60_000 };

/** Renews the leases of one live run before they expire, in the ledger and in the objects themselves. */
export class LeaseRenewal {
  readonly #deps: RunDependencies;
  readonly #run: string;
  /** Leases whose objects may have an earlier expiry than the ledger. Undefined before the first check. */
  #behind: Set<string> | undefined;
  #tryAfter = -Infinity;
  readonly #backoff = new Backoff(PAUSES);

  constructor(deps: RunDependencies, run: string) {
    this.#deps = deps;
    this.#run = run;
  }

  async renewIfDue(): Promise<void> {
    const leases = await leasesOf(this.#deps.ledger.db, this.#run);
    // A previous daemon may have stopped before it renewed an object.
    this.#behind ??= new Set(leases.filter(wasRenewed).map(({ id }) => id));
    const half = now(this.#deps, LEASE_SECONDS / 2);
    if (leases.some(({ expires_at }) => expires_at <= half)) {
      await this.#record(now(this.#deps, LEASE_SECONDS));
      for (const { id } of leases) this.#behind.add(id);
      this.#tryAfter = -Infinity;
      this.#backoff.reset();
    }
    if (this.#behind.size === 0 || monotonic(this.#deps) < this.#tryAfter) return;
    this.#tryAfter = monotonic(this.#deps) + this.#backoff.next();
    for (const lease of await leasesOf(this.#deps.ledger.db, this.#run))
      if (this.#behind.has(lease.id) && (await this.#renewObject(lease))) this.#behind.delete(lease.id);
  }

  async #record(expiresAt: string): Promise<void> {
    await write(this.#deps, 'lease.record-renewed', (db) =>
      db.updateTable('leases').set({ expires_at: expiresAt }).where('run_id', '=', this.#run).execute(),
    );
  }

  /** Renews an object. A failure loses nothing yet: `sweep` shows the run as expired half a lease early. */
  async #renewObject(lease: LeaseRow): Promise<boolean> {
    const { state, store, target, expires_at } = lease;
    if (state !== 'placed') return true;
    try {
      await step(this.#deps.faults, 'lease.renew', () =>
        this.#deps.removers.get(store)?.renew?.(locationOf(lease), expires_at),
      );
      return true;
    } catch (error) {
      const reason = asEscrowError(error).message;
      this.#deps.log.warn({ run: this.#run, target, reason }, 'lease renewed in the ledger only');
      return false;
    }
  }
}

function wasRenewed({ created_at, expires_at }: LeaseRow): boolean {
  return Date.parse(expires_at) - Date.parse(created_at) > (LEASE_SECONDS + 60) * 1000;
}
