import { rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';

/**
 * Listens on a Unix socket. A socket that is there already is stale: whoever holds the daemon's lock is the only one
 * who may listen.
 */
export async function listenOn(app: RequestListener, path: string): Promise<{ close(): Promise<void> }> {
  rmSync(path, { force: true });
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
