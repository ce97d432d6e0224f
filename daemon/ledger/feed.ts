import type { PlacedEvent } from './journal.ts';

/** All events of the journal, in an order that never changes: no event appears before one that was already read. */
export interface Feed {
  /** Returns up to `limit` events after a position: all of them, or those of one type. */
  read(after: number, limit: number, type?: string): Promise<PlacedEvent[]>;
  /** Returns the position of the newest event, even if it was deleted; 0 if there never was one. */
  newest(): Promise<number>;
}
