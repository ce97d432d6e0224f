import type { RequestHandler } from 'express';
import { readJournal } from '../ledger/journal.ts';
import type { Ledger } from '../ledger/open.ts';
import type { Runs } from '../runs/runs.ts';

const HEARTBEAT_MS = 15_000;

/** Handles `GET /v1/runs/{id}/events`: streams the journal as server-sent events until the run is purged. */
export function events(ledger: Ledger, runs: Runs): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = await runs.find(request.params.id);
    let last = Number(request.header('last-event-id') ?? 0) || 0;
    response
      .status(200)
      .set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      .flushHeaders();
    let sending = Promise.resolve();
    const send = (): void => {
      sending = sending.then(async () => {
        for (const event of await readJournal(ledger.db, id, last)) {
          last = event.seq;
          response.write(
            `id: ${String(event.seq)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
          );
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
  };
}
