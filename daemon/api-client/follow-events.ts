import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEvent } from '../contract/types.ts';
import { systemCode } from '../errors.ts';
import { Backoff } from '../system/time/backoff.ts';
import { connectTrusted } from './client.ts';

/** Pauses before reconnecting, while no event arrives. */
const PAUSES = { first: 200, longest: 5000 };

/**
 * Yields the events of a run from the first one until it is purged. If the connection is lost, reconnects and resumes
 * after the last event. `wake` starts a daemon, and throws if it cannot.
 */
export async function* followEvents(
  socketPath: string,
  run: string,
  wake: () => Promise<unknown>,
): AsyncGenerator<JournalEvent> {
  let last = 0;
  const backoff = new Backoff(PAUSES);
  for (;;) {
    for await (const event of readStream(socketPath, run, last)) {
      last = event.seq;
      backoff.reset();
      yield event;
      if (event.type === 'run.purged') return;
    }
    await sleep(backoff.next());
    await wake();
  }
}

/** Yields the events of one connection. https://html.spec.whatwg.org/multipage/server-sent-events.html */
async function* readStream(socketPath: string, run: string, last: number): AsyncGenerator<JournalEvent> {
  const socket = connectTrusted(socketPath);
  const outgoing = request({
    createConnection: () => socket,
    path: `/v1/runs/${encodeURIComponent(run)}/events`,
    headers: { host: 'localhost', 'last-event-id': String(last) },
  });
  const incoming = await new Promise<NodeJS.ReadableStream | undefined>((resolve) => {
    outgoing.on('response', resolve);
    outgoing.on('error', () => {
      resolve(undefined); // no daemon listens
    });
    outgoing.end();
  });
  if (incoming === undefined) return;
  try {
    for await (const line of createInterface({ input: incoming }))
      if (line.startsWith('data: ')) yield JSON.parse(line.slice('data: '.length)) as JournalEvent;
  } catch (error) {
    // The daemon has exited: the caller reconnects.
    if (systemCode(error) !== 'ECONNRESET') throw error;
  } finally {
    outgoing.destroy();
  }
}
