import type { Response } from 'express';
import { STREAMED, type Streamed } from '../routing/operation.ts';
import type { Served } from '../served.ts';
import { plainNumbers, type EventNumbers } from '../../access/event-numbers.ts';
import type { Principal } from '../../access/principal.ts';
import type { Start } from './event-listener.ts';
import { feedStream, runStream, visibleStream, type EventStream } from './stream.ts';

type Sending = Pick<Served, 'ledger' | 'runs' | 'events' | 'eventNumbers'>;

/** Sends the events of a run as server-sent events until the run is purged: from the first one, or after `lastEventId`. */
export async function sendRunEvents(
  served: Sending,
  by: Principal,
  run: string,
  lastEventId: unknown,
  response: Response,
): Promise<Streamed> {
  const { ledger, runs, events } = served;
  const { id, state } = await runs.find(run);
  const stream = runStream(ledger.db, id, state === 'purged');
  return send(events, visibleTo(stream, served, by), { after: readId(lastEventId) }, response);
}

/** Sends all events as server-sent events: new ones, or those after `lastEventId`. */
export async function sendAllEvents(
  served: Sending,
  by: Principal,
  lastEventId: unknown,
  response: Response,
): Promise<Streamed> {
  const { events } = served;
  const id = readId(lastEventId);
  const after = id === 0 || by.kind === 'machine' ? id : numbersOf(served).read(id);
  const start = lastEventId === undefined ? 'newest' : { after };
  return send(events, visibleTo(feedStream(events.feed), served, by), start, response);
}

function visibleTo(stream: EventStream, served: Sending, by: Principal): EventStream {
  return by.kind === 'machine' ? stream : visibleStream(stream, served.ledger.db, by, numbersOf(served));
}

function numbersOf({ eventNumbers = plainNumbers }: Sending): EventNumbers {
  return eventNumbers;
}

async function send(
  events: Served['events'],
  stream: EventStream,
  start: Start,
  response: Response,
): Promise<Streamed> {
  events.assertCapacity(stream);
  response.status(200).set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  if (response.req.method === 'HEAD') response.end();
  else await events.listen(stream, start, response);
  return STREAMED;
}

/** Returns the position of an id; 0, before the first event, for an id that no event can have. */
function readId(lastEventId: unknown): number {
  return typeof lastEventId === 'string' && /^[0-9]{1,16}$/.test(lastEventId) ? Number(lastEventId) : 0;
}
