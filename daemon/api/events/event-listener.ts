import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PlacedEvent } from '../../ledger/journal.ts';
import type { EventStream } from './stream.ts';

/** Maximum number of events that a listener reads from the ledger at once. */
const PAGE = 50;
const HEARTBEAT = Buffer.from(': alive\n\n');

/** Where a listener starts: after the event of `Last-Event-ID`, or after the newest event. */
export type Start = { readonly after: number } | 'newest';

/** Returns an event in the format of server-sent events. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function frameOf({ event }: PlacedEvent, stream: EventStream, position: number): Buffer {
  const [id, data] = [stream.idOf(position), JSON.stringify(stream.show(event))];
  return Buffer.from(`id: ${String(id)}\nevent: ${event.type}\ndata: ${data}\n\n`);
}

/**
 * A client that receives the events of a stream. It first reads the existing events from the ledger at the speed of the
 * client, then receives new ones from the hub. At most about `budget` bytes wait for the client: one that does not receive
 * new events fast enough is disconnected, and resumes later with `Last-Event-ID`.
 */
export class EventListener {
  readonly stream: EventStream;
  readonly #response: ServerResponse;
  readonly #budget: number;
  #last = 0;
  #isLive = false;
  /** Number of events from the hub that came while the listener read from the ledger. */
  #skipped = 0;
  #isComplete: boolean;
  /** Bytes that waited for the client at the last heartbeat. */
  #unread = 0;

  constructor(stream: EventStream, response: ServerResponse, budget: number) {
    this.stream = stream;
    this.#response = response;
    this.#budget = budget;
    this.#isComplete = stream.isComplete;
  }

  /** Sends the existing events. Afterwards the listener receives new ones from `receive`. */
  async catchUp(start: Start): Promise<void> {
    await this.#seek(start);
    while (await this.#readPage()) await nextTurn(); // so that other requests do not wait for a long journal
  }

  /** Sends existing events. Returns whether there are more; if not, the listener is live. */
  async #readPage(): Promise<boolean> {
    const skipped = this.#skipped;
    const page = await this.stream.read(this.#last, PAGE, () => this.#isOpen());
    if (!this.#isOpen()) return false;
    for (const placed of page) {
      if (!this.#isOpen()) return false;
      this.#send(placed, frameOf);
      if (this.#response.writableLength <= this.#budget) continue;
      await this.#drained();
      return true; // the rest of the page is read again, so that it takes no memory while a slow client reads
    }
    if (page.length === PAGE || this.#skipped > skipped) return true;
    this.#isLive = true;
    this.endIfComplete();
    return false;
  }

  /** Sends a new event. `frame` returns its frame, which listeners share. */
  receive(placed: PlacedEvent, frame: typeof frameOf): void {
    if (!this.#isLive) {
      this.#skipped += 1;
      return;
    }
    if (!this.#isOpen() || this.stream.positionOf(placed) <= this.#last) return;
    if (this.stream.access?.sees(placed) === false) return;
    this.#send(placed, frame);
    if (this.#response.writableLength > this.#budget) this.disconnect();
  }

  /** Keeps the connection alive. Disconnects a client that has read nothing since the last heartbeat. */
  heartbeat(): void {
    const unread = this.#response.writableLength;
    if (unread > 0 && this.#unread > 0 && unread >= this.#unread) this.disconnect();
    else if (unread === 0 && this.#isOpen()) this.#response.write(HEARTBEAT);
    this.#unread = unread;
  }

  endIfComplete(): void {
    if (this.#isComplete && this.#isLive) this.end();
  }

  /** Reads again what the client may see. Disconnects one that may no longer receive events. Never rejects. */
  async renewAccess(): Promise<void> {
    try {
      await this.stream.access?.renew();
    } catch {
      this.disconnect(); // a client whose access was not revoked connects again
    }
  }

  /** `retryMs`: the time after which the client should reconnect. */
  end(retryMs?: number): void {
    if (this.#isOpen())
      this.#response.end(retryMs === undefined ? undefined : `retry: ${String(retryMs)}\n\n`);
  }

  disconnect(): void {
    this.#response.destroy();
  }

  /**
   * If the stream never had the id, for example after a backup was restored, starts at the first event, so that no event is
   * missed.
   */
  async #seek(start: Start): Promise<void> {
    const newest = await this.stream.newest();
    if (start === 'newest') {
      this.#last = newest;
      // An id without data: a client that loses the connection before the first event resumes here.
      if (this.#isOpen()) this.#response.write(`id: ${String(this.stream.idOf(newest))}\n\n`);
    } else this.#last = start.after > newest ? 0 : start.after;
  }

  #send(placed: PlacedEvent, frame: typeof frameOf): void {
    this.#last = this.stream.positionOf(placed);
    if (this.stream.endsWith(placed)) this.#isComplete = true;
    this.#response.write(frame(placed, this.stream, this.#last));
  }

  #isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  async #drained(): Promise<void> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const response = this.#response;
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
    waiting.abort();
  }
}
