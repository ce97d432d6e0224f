import type { Feed } from '../../ledger/feed.ts';
import { readRunEvents, type PlacedEvent } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/ledger.ts';

/** A sequence of events with positions, to which clients listen. */
export interface EventStream {
  /** The run, or undefined for all events. */
  readonly run: string | undefined;
  /** Whether the stream has no more events after the existing ones. */
  readonly isComplete: boolean;
  /** Returns up to `limit` events after a position. */
  read(after: number, limit: number): Promise<readonly PlacedEvent[]>;
  /** Returns the position of the newest event, even if it was deleted; 0 if there never was one. */
  newest(): Promise<number>;
  positionOf(placed: PlacedEvent): number;
  /** Whether no events follow this one. */
  endsWith(placed: PlacedEvent): boolean;
}

/** Returns the events of a run. They end when the run is purged. */
export function runStream(db: Queries, run: string, isPurged: boolean): EventStream {
  return {
    run,
    isComplete: isPurged,
    read: async (after, limit) => readRunEvents(db, run, after, limit),
    newest: async () => {
      const row = await db.selectFrom('runs').select('events').where('id', '=', run).executeTakeFirst();
      return row?.events ?? 0;
    },
    positionOf: ({ runSeq }) => runSeq ?? 0,
    endsWith: ({ event }) => event.type === 'run.purged',
  };
}

/** Returns all events of the journal. They do not end. */
export function feedStream(feed: Feed): EventStream {
  return {
    run: undefined,
    isComplete: false,
    read: async (after, limit) => feed.read(after, limit),
    newest: async () => feed.newest(),
    positionOf: ({ feedSeq }) => feedSeq,
    endsWith: () => false,
  };
}
