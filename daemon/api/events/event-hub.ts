import type { ServerResponse } from 'node:http';
import { EscrowError } from '../../errors.ts';
import type { Feed } from '../../ledger/feed.ts';
import type { PlacedEvent } from '../../ledger/journal.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { EventListener, frameOf, type Start } from './event-listener.ts';
import type { EventStream } from './stream.ts';

/** Maximum number of events that the hub reads at once. */
const PAGE = 1000;

/** Limits of a hub. Tests lower them. */
export interface HubLimits {
  /** Maximum number of listeners. */
  readonly listeners: number;
  /** Maximum number of listeners of one principal of a team server, who could otherwise use all of them. */
  readonly perPrincipal: number;
  /** Maximum number of bytes that wait for one listener. */
  readonly budget: number;
  readonly heartbeatMs: number;
  /** How often the access of open streams is checked if there are no events. */
  readonly renewMs: number;
}

const LIMITS: HubLimits = {
  listeners: 1500,
  perPrincipal: 100,
  budget: 256 * 1024,
  heartbeatMs: 15_000,
  renewMs: 10_000,
};

/**
 * Sends new events of the journal to all listeners. It reads each event once from the ledger, however many listeners there
 * are, and they share its bytes. Without listeners it reads nothing.
 */
export class EventHub {
  readonly feed: Feed;
  readonly #changes: Ledger['changes'];
  readonly #onListening: () => void;
  readonly #limits: HubLimits;
  /** By run; undefined for listeners of all events. */
  readonly #listeners = new Map<string | undefined, Set<EventListener>>();
  #size = 0;
  /** The last event that was sent to the listeners. Undefined if there was no listener at the last change. */
  #position: number | undefined;
  #reading: Promise<void> = Promise.resolve();
  #isReadQueued = false;
  #isStopped = false;
  #heartbeat: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;

  /** Calls `onListening` when a client starts to listen, and at each heartbeat while any listens. */
  constructor(
    feed: Feed,
    changes: Ledger['changes'],
    onListening: () => void,
    limits: Partial<HubLimits> = {},
  ) {
    this.feed = feed;
    this.#changes = changes;
    this.#onListening = onListening;
    this.#limits = { ...LIMITS, ...limits };
  }

  start(): void {
    this.#changes.on('change', this.#onChange);
    this.#heartbeat = setInterval(() => {
      if (this.#size > 0) this.#onListening();
      for (const listener of this.#all()) listener.heartbeat();
    }, this.#limits.heartbeatMs);
    this.#renewal = setInterval(() => void this.#renewAccess(), this.#limits.renewMs);
  }

  /**
   * Ends all responses. Clients resume with `Last-Event-ID`. `retryMs`: returns when a client should reconnect, for each of them, so
   * that not all of them reconnect at once. Later listeners end at once.
   */
  stop(retryMs?: () => number): void {
    clearInterval(this.#heartbeat);
    clearInterval(this.#renewal);
    this.#changes.off('change', this.#onChange);
    this.#isStopped = true;
    for (const listener of this.#all()) listener.end(retryMs?.());
  }

  get listeners(): number {
    return this.#size;
  }

  /** Throws `too-many-listeners` if the hub cannot have another listener for a stream. */
  assertCapacity({ access }: EventStream): void {
    const { listeners, perPrincipal } = this.#limits;
    if (this.#size >= listeners) throw tooMany(listeners, 'are open');
    if (access === undefined) return;
    const own = [...this.#all()].filter(({ stream }) => stream.access?.principal === access.principal);
    if (own.length >= perPrincipal) throw tooMany(perPrincipal, 'of yours are open');
  }

  /** Sends the events of a stream to a client until it disconnects or the stream ends. */
  async listen(stream: EventStream, start: Start, response: ServerResponse): Promise<void> {
    const listener = new EventListener(stream, response, this.#limits.budget);
    this.#add(listener);
    this.#onListening();
    response.on('close', () => {
      this.#remove(listener);
    });
    if (response.destroyed) this.#remove(listener); // 'close' was already emitted
    if (this.#isStopped) {
      listener.end();
      return;
    }
    try {
      await this.#read(); // from here on, the hub reports each commit to the listener
      await listener.catchUp(start);
    } catch {
      listener.disconnect(); // the ledger cannot be read: the client reconnects
    }
  }

  readonly #onChange = (): void => {
    if (this.#size === 0) this.#position = undefined;
    else void this.#read();
  };

  /** Reads new events after the current read. Changes until then share the read. Never rejects. */
  #read(): Promise<void> {
    if (!this.#isReadQueued) {
      this.#isReadQueued = true;
      this.#reading = this.#reading
        .then(() => {
          this.#isReadQueued = false;
          return this.#readNew();
        })
        .catch(() => {
          this.#position = undefined;
          for (const listener of this.#all()) listener.disconnect();
        });
    }
    return this.#reading;
  }

  async #readNew(): Promise<void> {
    if (this.#position === undefined) {
      this.#position = await this.feed.newest();
      return;
    }
    let page: readonly PlacedEvent[];
    do {
      page = await this.feed.read(this.#position, PAGE);
      if (page.length > 0) await this.#renewAccess();
      for (const placed of page) {
        this.#send(placed);
        this.#position = placed.feedSeq;
      }
    } while (page.length === PAGE);
  }

  /**
   * Reads again what the clients of a team server may see, and disconnects those that may no longer receive events: before each
   * batch, so that none receives an event after the commit that revoked its access, and at intervals. One after the other,
   * because all use the ledger.
   */
  async #renewAccess(): Promise<void> {
    for (const listener of this.#all())
      if (listener.stream.access !== undefined) await listener.renewAccess();
  }

  #send(placed: PlacedEvent): void {
    const { run } = placed.event;
    for (const key of run === null ? [undefined] : [run, undefined]) {
      let shared: Buffer | undefined;
      for (const listener of this.#listeners.get(key) ?? []) {
        listener.receive(placed, (...frame) => (shared ??= frameOf(...frame)));
        listener.endIfComplete();
      }
    }
  }

  #add(listener: EventListener): void {
    const { run } = listener.stream;
    const group = this.#listeners.get(run) ?? new Set();
    this.#listeners.set(run, group.add(listener));
    this.#size += 1;
  }

  #remove(listener: EventListener): void {
    const { run } = listener.stream;
    const group = this.#listeners.get(run);
    if (group?.delete(listener) !== true) return;
    if (group.size === 0) this.#listeners.delete(run);
    this.#size -= 1;
  }

  *#all(): Generator<EventListener> {
    for (const group of [...this.#listeners.values()]) yield* [...group];
  }
}

function tooMany(most: number, which: string): EscrowError {
  return new EscrowError(
    'too-many-listeners',
    `Cannot open another event stream: ${String(most)} ${which}, which is the maximum.`,
  );
}
