import type { Paths } from '../config/paths.ts';
import type { Health } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { connect, type Client, type Method } from './client.ts';

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
export function lazyDaemonClient(paths: Paths, otherwise: () => Promise<Client>): Client {
  const clients = clientsOf(paths);
  return {
    call: async <T>(method: Method, path: string, body?: unknown): Promise<T> => {
      for (const client of clients) {
        try {
          return await client.call<T>(method, path, body);
        } catch (error) {
          if (!isAbsent(error)) throw error;
        }
      }
      return (await otherwise()).call<T>(method, path, body);
    },
  };
}

/** Returns a client for each socket that a daemon of this host can have. */
function clientsOf({ socket, stateSocket }: Paths): Client[] {
  return [socket, ...(stateSocket === undefined ? [] : [stateSocket])].map((path) => connect(path));
}

/** Returns whether no daemon listens: there is no socket or no process behind it. A lost connection does not count. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof EscrowError)) return false;
  return ['ENOENT', 'ECONNREFUSED'].includes(systemCode(error.cause) ?? '');
}
