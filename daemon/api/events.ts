import type { Response } from 'express';
import { readJournal } from '../ledger/journal.ts';
import { STREAMED, type Streamed } from './routing/operation.ts';
import type { Served } from './served.ts';

const HEARTBEAT_MS = 15_000;

/** Streams the journal of a run as server-sent events, until the run is purged. `lastEventId` resumes after an event. */
export async function streamEvents(
  { ledger, runs }: Pick<Served, 'ledger' | 'runs'>,
  run: string,
  lastEventId: unknown,
  response: Response,
): Promise<Streamed> {
  const { id } = await runs.find(run);
  let last = typeof lastEventId === 'string' && /^[0-9]{1,15}$/.test(lastEventId) ? Number(lastEventId) : 0;
  response
    .status(200)
    .set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    .flushHeaders();
  let sending = Promise.resolve();
  const send = (): void => {
    sending = sending.then(async () => {
      for (const event of await readJournal(ledger.db, id, last)) {
        last = event.seq;
        response.write(`id: ${String(event.seq)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
        if (event.type === 'run.purged') response.end();
      }
    });
    sending.catch(() => response.destroy()); // the ledger cannot be read: the client reconnects
  };
  const heartbeat = setInterval(() => response.write(': alive\n\n'), HEARTBEAT_MS);
  ledger.changes.on('change', send);
  response.on('close', () => {
    clearInterval(heartbeat);
    ledger.changes.off('change', send);
  });
  send();
  return STREAMED;
}
