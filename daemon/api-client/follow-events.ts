import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEvent } from '../contract/types.ts';
import { systemCode } from '../errors.ts';
import { Backoff } from '../system/time/backoff.ts';
import { errorOf } from './client.ts';
import { openStream } from './open-stream.ts';

/** Pauses before reconnecting, while no event arrives. */
const PAUSES = { first: 200, longest: 5000 };

/**
 * Yields the events of a run from the first one until it is purged. If the connection is lost, reconnects and resumes
 * after the last event. `sockets`: those that a daemon of this host can have. `wake` starts a daemon, and throws if it cannot.
 * Ends early if `signal` aborts. Throws the error of a problem document that is not retryable.
 */
export async function* followEvents(
  sockets: readonly string[],
  run: string,
  wake: () => Promise<unknown>,
  signal?: AbortSignal,
): AsyncGenerator<JournalEvent> {
  let last = '0';
  const backoff = new Backoff(PAUSES);
  const isAborted = (): boolean => signal?.aborted === true;
  while (!isAborted()) {
    // The first socket may be stale, of a killed daemon, while another daemon listens on the second one only.
    for (const socket of sockets) {
      for await (const { id, event } of readStream(socket, run, last, signal)) {
        last = id;
        backoff.reset();
        yield event;
        if (event.type === 'run.purged') return;
      }
    }
    await pause(backoff.next(), signal);
    if (!isAborted()) await wake();
  }
}

/** Waits for `ms` or until `signal` aborts. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/** Yields the events of one connection. https://html.spec.whatwg.org/multipage/server-sent-events.html */
async function* readStream(
  socketPath: string,
  run: string,
  last: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly id: string; readonly event: JournalEvent }> {
  const path = `/v1/runs/${encodeURIComponent(run)}/events`;
  const incoming = await openStream(socketPath, path, { 'last-event-id': last }, signal);
  if (incoming === undefined) return;
  try {
    if (incoming.statusCode !== 200) {
      const error = errorOf(JSON.parse(await text(incoming)));
      if (error.row.retryable) return;
      throw error;
    }
    let [id, data] = [last, ''];
    for await (const line of createInterface({ input: incoming }))
      if (line.startsWith('id: ')) id = line.slice('id: '.length);
      else if (line.startsWith('data: ')) data = line.slice('data: '.length);
      else if (line === '' && data !== '') {
        yield { id, event: JSON.parse(data) as JournalEvent };
        data = '';
      }
  } catch (error) {
    // The daemon has exited, and the caller reconnects, or `signal` has aborted the request.
    if (systemCode(error) !== 'ECONNRESET' && signal?.aborted !== true) throw error;
  } finally {
    incoming.destroy();
  }
}
