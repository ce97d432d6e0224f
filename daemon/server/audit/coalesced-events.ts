import type { Logger } from 'pino';
import { SERVER_PLACE } from '../../access/places.ts';
import { asEscrowError } from '../../errors.ts';
import { record, type Entry } from '../../ledger/journal.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** Precedes the network of a client in place of a principal. No name of a principal starts with it. */
export const ADDRESS = 'address:';

const WINDOW_MS = 60_000;
const FLUSH_MS = 5000;
const OWN_MAX = 20;
/** Different events of all principals in this time. */
const ALL_MAX = 10_000;

/** An event that a principal causes as often as it likes. */
interface FrequentEvent extends Entry {
  readonly by: string;
}

/** An event that was recorded, and how often it happened after that. */
interface Open {
  readonly event: FrequentEvent;
  readonly key: string;
  readonly until: number;
  more: number;
}

/** Options of coalesced events. */
interface Options {
  readonly ledger: Pick<Ledger, 'write'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Time in which equal events are counted. */
  readonly windowMs?: number;
  /** Different events of a principal in this time. More of them are counted together, without their details. */
  readonly ownMax?: number;
}

/**
 * Records events that principals cause without a change, such as denied requests, so that they cannot fill the ledger. The first one
 * is recorded at once, in a separate transaction. Equal ones are counted, and recorded as one event with the count when the time is
 * over. Each replica counts separately.
 */
export class CoalescedEvents {
  readonly #options: Options;
  readonly #open = new Map<string, Open>();
  readonly #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#round = this.#round.then(() => this.#flush(performance.now()));
    }, FLUSH_MS).unref();
  }

  /** Records what was counted. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
    await this.#flush(Infinity);
  }

  /** Records an event, or counts it. Failures are logged: the request is answered as it would be without the record. */
  async note(wanted: FrequentEvent): Promise<void> {
    if (this.#repeats(wanted)) return;
    const event = this.#bounded(wanted);
    if (event !== wanted && this.#repeats(event)) return;
    const key = keyOf(event);
    const { windowMs = WINDOW_MS } = this.#options;
    this.#open.set(key, { event, key, until: performance.now() + windowMs, more: 0 });
    const group = groupOf(event.by);
    this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
    await this.#write(event, 1);
  }

  /** Counts an event that was recorded already. Returns false for another one. */
  #repeats(event: FrequentEvent): boolean {
    const open = this.#open.get(keyOf(event));
    if (open !== undefined) open.more += 1;
    return open !== undefined;
  }

  /** Returns the event, or one without details if there are too many different ones. */
  #bounded(event: FrequentEvent): FrequentEvent {
    const { type, by } = event;
    const { ownMax = OWN_MAX } = this.#options;
    if (this.#open.size >= ALL_MAX) return { type, by: SERVER_PLACE, place: SERVER_PLACE };
    const group = groupOf(by);
    return (this.#counts.get(group) ?? 0) < ownMax ? event : { type, by: group, place: SERVER_PLACE };
  }

  async #flush(now: number): Promise<void> {
    for (const { event, key, until, more } of this.#open.values()) {
      if (until > now) continue;
      this.#open.delete(key);
      const group = groupOf(event.by);
      const left = (this.#counts.get(group) ?? 0) - 1;
      if (left > 0) this.#counts.set(group, left);
      else this.#counts.delete(group);
      await this.#write(event, more);
    }
  }

  async #write(event: FrequentEvent, count: number): Promise<void> {
    if (count === 0) return;
    const { ledger, log } = this.#options;
    try {
      await ledger.write((db) => record(db, { ...event, data: { ...event.data, count } }));
    } catch (error) {
      const { code, message } = asEscrowError(error);
      log.warn({ code, reason: message, type: event.type, count }, 'cannot record events in the audit log');
    }
  }
}

function keyOf({ type, by, place, data = {} }: FrequentEvent): string {
  return JSON.stringify([type, by, place ?? null, data]);
}

/** Returns who shares the number of different events: a principal, or all networks, of which a client can have any number. */
function groupOf(by: string): string {
  return by.startsWith(ADDRESS) ? `${ADDRESS}*` : by;
}
