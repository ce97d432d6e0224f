import type { Feed } from '../feed.ts';
import type { Ledger } from '../ledger.ts';

const POLL_MS = 1000;

/**
 * Emits `change` for events that other processes committed. A poll, because NOTIFY takes a lock over all databases of the server
 * at each commit. Does not query the database while nobody listens.
 */
export class RemoteChanges {
  readonly #feed: Feed;
  readonly #changes: Ledger['changes'];
  #newest: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  #isPolling = false;

  constructor(feed: Feed, changes: Ledger['changes']) {
    this.#feed = feed;
    this.#changes = changes;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#isPolling) this.#polling = this.#poll();
    }, POLL_MS).unref();
  }

  /** Resolves once no query is in progress. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#polling;
  }

  async #poll(): Promise<void> {
    if (this.#changes.listenerCount('change') === 0) {
      this.#newest = undefined;
      return;
    }
    this.#isPolling = true;
    try {
      const newest = await this.#feed.newest();
      if (newest !== this.#newest) this.#changes.emit('change');
      this.#newest = newest;
    } catch {
      return; // the database is unavailable: readers get the error themselves, and the next poll finds what they missed
    } finally {
      this.#isPolling = false;
    }
  }
}
