import type { JournalEvent } from '../../daemon/contract/types.ts';
import { send } from './call.ts';
import { readFrames } from './read-frames.ts';

/** The daemon sends a comment every 15 s. A connection without bytes for this time is dead, as after a broken SSH forward. */
const SILENCE_MS = 40_000;

/** Events that arrived together, and the position after them. */
export interface Batch {
  readonly id: string | undefined;
  readonly events: readonly JournalEvent[];
}

/**
 * Reads the events of all runs, from new ones or after a position. Ends when the daemon ends the stream. Throws if there is no
 * connection.
 */
export async function* readEvents(after: string | undefined): AsyncGenerator<Batch> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restart = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silence.abort();
    }, SILENCE_MS);
  };
  restart();
  try {
    const headers = {
      accept: 'text/event-stream',
      ...(after === undefined ? {} : { 'last-event-id': after }),
    };
    const { body } = await send('GET', 'v1/events', { headers, signal: silence.signal });
    if (body === null) return;
    for await (const frames of readFrames(body)) {
      restart();
      const id = frames.findLast((frame) => frame.id !== undefined)?.id;
      const events = frames.flatMap(({ data }) =>
        data === undefined ? [] : [JSON.parse(data) as JournalEvent],
      );
      yield { id, events };
    }
  } finally {
    clearTimeout(timer);
    silence.abort(); // closes the connection if the reader stops
  }
}
