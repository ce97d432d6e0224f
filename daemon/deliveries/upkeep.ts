import { asEscrowError } from '../errors.ts';
import type { Claim } from '../ledger/postgres/claims.ts';
import { noteAvailable } from '../releases/availability.ts';
import { requestRemoval } from '../releases/delivery-rows.ts';
import { step } from '../system/steps.ts';
import { timeIn, type Delivering } from './delivering.ts';
import { renewOrExpire } from './expire-delivery.ts';
import { removeDelivery } from './remove-delivery.ts';

const ROUND_MS = 5000;
const NOTE_MS = 20_000;
/** Deliveries on which one replica acts at the same time. */
const AT_ONCE = 8;
/** Batches of one round. */
const BATCHES = 100;

/** Intervals, which tests shorten. */
interface Options {
  readonly roundMs?: number | undefined;
}

/**
 * Acts on the deliveries of a server whose time has come, in rounds: removes those that ended, expired or were interrupted, and renews the
 * others. Each replica has one, and each delivery is claimed by one replica. Recovery removes; it never creates.
 */
export class DeliveryUpkeep {
  readonly #deps: Delivering;
  readonly #roundMs: number;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #notedAt = -Infinity;
  #isWanted = false;
  #isStopping = false;

  constructor(deps: Delivering, { roundMs = ROUND_MS }: Options = {}) {
    this.#deps = deps;
    this.#roundMs = roundMs;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.wake();
    }, this.#roundMs);
    this.wake();
  }

  /** Waits for the round in progress. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#timer);
    await this.#round;
  }

  /** Starts a round now, or after the one in progress. */
  wake(): void {
    if (this.#isStopping) return;
    this.#isWanted = true;
    this.#round ??= this.#run().finally(() => (this.#round = undefined));
  }

  /** Runs one round. */
  async act(): Promise<void> {
    const { ledger, claims, faults } = this.#deps;
    await this.#note();
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const due = await step(faults, 'work.claim', () => claims.take({ dueAt: timeIn(ledger) }, AT_ONCE));
      await Promise.all(due.map((claim) => this.#attempt(claim)));
      if (due.length < AT_ONCE || this.#isStopping) return;
    }
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isStopping) {
      this.#isWanted = false;
      try {
        await this.act();
      } catch (error) {
        const { code, message } = asEscrowError(error);
        this.#deps.log.warn({ code, reason: message }, 'cannot look for deliveries to remove; retrying');
      }
    }
  }

  /** Before anything expires, so that the time without a replica does not count. */
  async #note(): Promise<void> {
    if (performance.now() - this.#notedAt < NOTE_MS) return;
    await noteAvailable(this.#deps.ledger, this.#deps.faults);
    this.#notedAt = performance.now();
  }

  /** A failure must not affect other deliveries. The delivery stays due, and a later round retries. */
  async #attempt(claim: Claim): Promise<void> {
    const { claims, log, faults } = this.#deps;
    try {
      await this.#actOn(claim);
    } catch (error) {
      const { code, message } = asEscrowError(error);
      log.warn({ delivery: claim.id, code, reason: message }, 'cannot complete a delivery; retrying');
    } finally {
      // Otherwise it expires.
      await step(faults, 'work.finish', () => claims.release(claim)).catch(() => undefined);
    }
  }

  async #actOn(claim: Claim): Promise<void> {
    const { ledger, claims, faults } = this.#deps;
    const row = await ledger.db
      .selectFrom('deliveries')
      .selectAll()
      .where('id', '=', claim.id)
      .executeTakeFirstOrThrow();
    if (row.state === 'placed' && !(await renewOrExpire(this.#deps, claim, row))) return;
    // Its replica ended while it created the objects. No daemon has references to them.
    if (row.state === 'placing')
      await step(faults, 'delivery.fail', () =>
        claims.write(claim, (db) => requestRemoval(db, claim.id, 'interrupted', timeIn(ledger))),
      );
    if (row.state !== 'removed') await removeDelivery(this.#deps, claim);
  }
}
