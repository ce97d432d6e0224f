import type { Server } from 'node:http';

/** Time for pending responses and event streams to finish. */
const DRAIN_MS = 500;

/** Closes a server gracefully: pending responses have a moment to finish. Idempotent. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  const force = setTimeout(() => {
    server.closeAllConnections();
  }, DRAIN_MS);
  await closed;
  clearTimeout(force);
}
