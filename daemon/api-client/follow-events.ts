import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JournalEvent } from '../contract/types.ts';
import { systemCode } from '../errors.ts';
import { connectTrusted } from './client.ts';

const AGAIN_MS = 200;

/**
 * Gives the events of a run from its first, as they come, until it is purged. When the daemon goes away this connects
 * again and goes on after the last event; `wake` starts a daemon, and throws when that cannot be.
 */
export async function* followEvents(
  socketPath: string,
  run: string,
  wake: () => Promise<unknown>,
): AsyncGenerator<JournalEvent> {
  let last = 0;
  for (;;) {
    for await (const event of readStream(socketPath, run, last)) {
      last = event.seq;
      yield event;
      if (event.type === 'run.purged') return;
    }
    await sleep(AGAIN_MS);
    await wake();
  }
}

/** One connection's events; ends when the connection does. https://html.spec.whatwg.org/multipage/server-sent-events.html */
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
      resolve(undefined); // no daemon at the moment
    });
    outgoing.end();
  });
  if (incoming === undefined) return;
  try {
    for await (const line of createInterface({ input: incoming }))
      if (line.startsWith('data: ')) yield JSON.parse(line.slice('data: '.length)) as JournalEvent;
  } catch (error) {
    // Broken off, as the daemon went away: the caller connects again.
    if (systemCode(error) !== 'ECONNRESET') throw error;
  } finally {
    outgoing.destroy();
  }
}
