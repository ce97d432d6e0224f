import { lstatSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EscrowError } from '../errors.ts';

const TAKE_IN_MS = 20;
/** How long answers that are under way, and streams of events, may still take. */
const ANSWER_MS = 500;

/**
 * Listens on a Unix socket. A socket that is there already is stale: whoever holds the daemon's lock is the only one
 * who may listen. Throws `path-occupied` where something else stands.
 */
export async function listenOn(app: RequestListener, path: string): Promise<{ close(): Promise<void> }> {
  removeStale(path);
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  return {
    close: async () => {
      rmSync(path, { force: true }); // who comes now finds no daemon, and starts one
      await sleep(TAKE_IN_MS); // who came before is still let in
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeIdleConnections();
      const force = setTimeout(() => {
        server.closeAllConnections();
      }, ANSWER_MS);
      await closed;
      clearTimeout(force);
    },
  };
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket())
    throw new EscrowError('path-occupied', `"${path}" is there and is not a socket.`);
  rmSync(path, { force: true });
}
