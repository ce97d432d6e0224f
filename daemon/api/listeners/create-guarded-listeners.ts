import type { RequestListener } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Sessions } from '../../access/sessions.ts';
import { readListenAddress } from '../../config/listen-address.ts';
import type { Settings } from '../../config/settings.ts';
import { scrapeToken } from '../metrics/scrape-token.ts';
import { operations } from '../operations/operations.ts';
import { PageSocket } from './page-socket.ts';
import { TcpListener } from './tcp-listener.ts';

/** The listeners whose requests need a token. */
interface GuardedListeners {
  readonly tcp: TcpListener;
  readonly pageSocket: PageSocket;
}

/**
 * Creates the TCP listener and the page socket of a daemon. `serve` creates the API with the guard that authenticates its
 * requests. After a restart, both open at the addresses that pages with sessions use.
 */
export function createGuardedListeners(
  { listen, metricsTokenFile, paths }: Settings,
  sessions: Sessions,
  log: Logger,
  serve: (guard: RequestHandler) => RequestListener,
): GuardedListeners {
  const scrape = scrapeToken(metricsTokenFile, (reason) => {
    log.warn({ reason }, 'cannot use the scrape token');
  });
  const serveWith = async (user: string | undefined): Promise<RequestListener> => {
    // Loaded only for a listener, because loading the rate limiter slows down the start.
    const { authenticate } = await import('./authentication.ts');
    return serve(authenticate({ user, sessions, scrape }, operations));
  };
  const { address } = sessions.places;
  return {
    tcp: new TcpListener({
      setting: listen,
      ...(address === undefined ? {} : { remembered: readListenAddress(address) }),
      tokenFile: paths.tokenFile,
      serve: serveWith,
      onProblem: (reason) => {
        log.warn({ reason }, 'cannot open the TCP listener; retrying');
      },
      onLeave: () => {
        sessions.dropCodes();
      },
    }),
    pageSocket: new PageSocket({ path: paths.pageSocket, serve: () => serveWith(undefined) }),
  };
}
