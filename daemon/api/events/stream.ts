import type { EventNumbers } from '../../access/event-numbers.ts';
import { Sight } from '../../access/sight.ts';
import { keyOf, type TeamPrincipal } from '../../access/principal.ts';
import type { JournalEvent } from '../../contract/types.ts';
import type { Feed } from '../../ledger/feed.ts';
import { readRunEvents, type PlacedEvent } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/ledger.ts';

/** A sequence of events with positions, to which clients listen. */
export interface EventStream {
  /** The run, or undefined for all events. */
  readonly run: string | undefined;
  /** Whether the stream has no more events after the existing ones. */
  readonly isComplete: boolean;
  /** Returns up to `limit` events after a position. Can return fewer once `isOpen` returns false: nobody receives them. */
  read(after: number, limit: number, isOpen: () => boolean): Promise<readonly PlacedEvent[]>;
  /** Returns the position of the newest event, even if it was deleted; 0 if there never was one. */
  newest(): Promise<number>;
  positionOf(placed: PlacedEvent): number;
  /** Returns the id that clients get for a position. */
  idOf(position: number): number;
  /** Returns an event as clients get it. */
  show(event: JournalEvent): JournalEvent;
  /** Whether no events follow this one. */
  endsWith(placed: PlacedEvent): boolean;
  /** Who receives it, if the ledger decides what they may see. */
  readonly access?: StreamAccess;
}

/** What the principal of an open stream may see. */
interface StreamAccess {
  /** The key of the principal. */
  readonly principal: string;
  /** Reads it again. Throws if the principal may no longer receive events. */
  renew(): Promise<void>;
  /** Whether an event was visible when it was read last. */
  sees(placed: PlacedEvent): boolean;
}

const AS_RECORDED: Pick<EventStream, 'idOf' | 'show'> = {
  idOf: (position) => position,
  show: (event) => event,
};

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
    ...AS_RECORDED,
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
    ...AS_RECORDED,
    endsWith: () => false,
  };
}

/**
 * Restricts a stream to what a principal of a team server may see. What that is, is read again at each read and whenever the
 * hub renews it, so that a revoked principal receives nothing more. The positions in a run are its own; others are shown as `numbers`.
 */
export function visibleStream(
  stream: EventStream,
  db: Queries,
  by: TeamPrincipal,
  numbers: EventNumbers,
): EventStream {
  let sight: Sight | undefined;
  const access: StreamAccess = {
    principal: keyOf(by),
    renew: async () => {
      sight = undefined; // if the read fails, nothing is visible
      sight = await Sight.read(db, by);
    },
    sees: (placed) => sight?.sees(placed) === true,
  };
  return {
    ...stream,
    ...(stream.run === undefined ? { idOf: (position) => numbers.show(position) } : {}),
    show: (event) => ({ ...event, seq: numbers.show(event.seq) }),
    access,
    // A page is only shorter than the limit at the end of the stream: the listener takes a short page for the last one.
    // A principal who sees few events reads the whole journal, so this must end with the connection.
    read: async (after, limit, isOpen) => {
      await access.renew();
      const visible: PlacedEvent[] = [];
      let [position, isLast] = [after, false];
      while (visible.length < limit && !isLast && isOpen()) {
        const page = await stream.read(position, limit, isOpen);
        visible.push(...page.filter((placed) => access.sees(placed)));
        const last = page.at(-1);
        if (last !== undefined) position = stream.positionOf(last);
        isLast = page.length < limit;
      }
      return visible.slice(0, limit);
    },
  };
}
