import type { Paths } from '../config/paths.ts';
import type { Health } from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { connect, type Client, type Method } from './client.ts';

/** The client of this host's daemon; undefined when none answers. */
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
 * The client of this host's daemon. A call that none answers goes to the client that `otherwise` gives: nothing was sent
 * then, so it is sent again. What `otherwise` needs is loaded when it is called, which most commands never do.
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

/** One for each socket that a daemon of this host may have. */
function clientsOf({ socket, stateSocket }: Paths): Client[] {
  return [socket, ...(stateSocket === undefined ? [] : [stateSocket])].map((path) => connect(path));
}

/** Nobody listens: no socket, nobody behind it, or not even its directory. Not: an answer that broke off. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof EscrowError)) return false;
  return ['ENOENT', 'ECONNREFUSED'].includes(systemCode(error.cause) ?? '');
}
