import type { Paths } from '../config/paths.ts';
import type { Health } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { connect, type Client, type Method, type RequestHeaders } from './client.ts';

/** Returns a client of this host's daemon, or undefined if no daemon answers. */
export async function findLocalDaemon(paths: Paths): Promise<Client | undefined> {
  for (const client of clientsOf(paths)) {
    try {
      await client.call<Health>('GET', '/v1/health');
      return client;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return undefined;
}

/**
 * Returns a client of this host's daemon that falls back to the client of `otherwise` if no daemon listens. Sending the
 * request again is safe then, because it was never sent. Calls `otherwise` only when needed, because its modules are slow
 * to load.
 */
export function lazyDaemonClient(paths: Paths, otherwise: () => Promise<Client>, timeoutMs?: number): Client {
  const clients = clientsOf(paths, timeoutMs);
  return {
    call: async <T>(method: Method, path: string, body?: unknown, headers?: RequestHeaders): Promise<T> => {
      for (const client of clients) {
        try {
          return await client.call<T>(method, path, body, headers);
        } catch (error) {
          if (!isAbsent(error)) throw error;
        }
      }
      return (await otherwise()).call<T>(method, path, body, headers);
    },
  };
}

/** Returns the sockets that a daemon of this host can have. */
export function socketsOf({ socket, stateSocket }: Paths): string[] {
  return [socket, ...(stateSocket === undefined ? [] : [stateSocket])];
}

function clientsOf(paths: Paths, timeoutMs?: number): Client[] {
  return socketsOf(paths).map((path) => connect(path, timeoutMs));
}

/** Returns whether no daemon listens: there is no socket or no process behind it. A lost connection does not count. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof EscrowError)) return false;
  return ['ENOENT', 'ECONNREFUSED'].includes(systemCode(error.cause) ?? '');
}
