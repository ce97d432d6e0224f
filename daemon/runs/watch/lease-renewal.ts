import { asEscrowError } from '../../errors.ts';
import { step } from '../../system/steps.ts';
import { elapsed, now, write, type Engine } from '../dependencies.ts';
import { LEASE_SECONDS } from '../materialize/planned-leases.ts';
import { leasesOf, type LeaseRow } from '../records/queries.ts';

/** How long after a renewal that failed it is tried again. A dead man's switch goes off a day and a half after it. */
const AGAIN_MS = 5 * 60_000;

/** Keeps the leases of one live run from running out: in the ledger, and in the objects themselves, for whoever finds them. */
export class Renewals {
  readonly #engine: Engine;
  readonly #run: string;
  /** Leases whose objects may tell an earlier time than the ledger; undefined before the first look. */
  #behind: Set<string> | undefined;
  #tryAfter = -Infinity;

  constructor(engine: Engine, run: string) {
    this.#engine = engine;
    this.#run = run;
  }

  async keep(): Promise<void> {
    const leases = await leasesOf(this.#engine.ledger.db, this.#run);
    // The daemon before this one may have ended before an object was told.
    this.#behind ??= new Set(leases.filter(wasRenewed).map(({ id }) => id));
    const half = now(this.#engine, LEASE_SECONDS / 2);
    if (leases.some(({ expires_at }) => expires_at <= half)) {
      await this.#record(now(this.#engine, LEASE_SECONDS));
      for (const { id } of leases) this.#behind.add(id);
      this.#tryAfter = -Infinity;
    }
    if (this.#behind.size === 0 || elapsed(this.#engine) < this.#tryAfter) return;
    this.#tryAfter = elapsed(this.#engine) + AGAIN_MS;
    for (const lease of await leasesOf(this.#engine.ledger.db, this.#run))
      if (this.#behind.has(lease.id) && (await this.#tellObject(lease))) this.#behind.delete(lease.id);
  }

  async #record(expiresAt: string): Promise<void> {
    await write(this.#engine, 'lease.record-renewed', (db) =>
      db.updateTable('leases').set({ expires_at: expiresAt }).where('run_id', '=', this.#run).execute(),
    );
  }

  /** Where that fails nothing is lost yet: who sweeps is shown the run as expired, half a lease early. */
  async #tellObject({ state, store, target, anchor, sent_at, expires_at }: LeaseRow): Promise<boolean> {
    if (state !== 'placed') return true;
    try {
      await step(this.#engine.faults, 'lease.renew', () =>
        this.#engine.stores.get(store)?.renew?.({ target, anchor, sentAt: sent_at }, expires_at),
      );
      return true;
    } catch (error) {
      const reason = asEscrowError(error).message;
      this.#engine.log.warn({ run: this.#run, target, reason }, 'the lease was renewed here only');
      return false;
    }
  }
}

function wasRenewed({ created_at, expires_at }: LeaseRow): boolean {
  return Date.parse(expires_at) - Date.parse(created_at) > (LEASE_SECONDS + 60) * 1000;
}
