import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { DaemonStatus, Health } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/open.ts';
import { countPendingRemovals } from '../runs/queries.ts';
import type { Runs } from '../runs/runs.ts';
import { findUserScope, findWorkspace } from '../vault/scopes.ts';
import type { Vault } from '../vault/vault.ts';
import { notFound, problems } from './problem.ts';
import { runRoutes } from './routes/runs.ts';
import { secretRoutes } from './routes/secrets.ts';

/** What the API shows and drives; main.ts puts it together. */
export interface Served {
  readonly version: string;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly runs: Runs;
  readonly log: Logger;
  readonly status: () => DaemonStatus;
  /** Asks the daemon to end, once the answer is out. */
  readonly stop: () => void;
  /** Called at each request: a daemon that is asked is not idle. */
  readonly touched: () => void;
}

/** A value of 64 KiB in base64, and room for the rest. */
const BODY_MAX = '256kb';

/** The API of one user's daemon. Whoever can open its socket is that user: the directory is theirs alone. */
export function createServer(served: Served): Express {
  const { ledger, vault, runs, log, version } = served;
  const app = express().disable('x-powered-by').disable('etag');
  app.use(refuseBrowsers, (_request, _response, next) => {
    served.touched();
    next();
  });
  app.use(express.json({ limit: BODY_MAX, strict: true }));
  app.get('/v1/health', async (_request, response) => {
    response.json({ status: 'ok', version, ...(await healthOf(ledger)) } satisfies Health);
  });
  app.get('/v1/daemon', (_request, response) => {
    response.json(served.status());
  });
  app.post('/v1/daemon/stop', (_request, response) => {
    response.on('finish', served.stop).status(202).json(served.status());
  });
  app.use('/v1/runs', runRoutes(ledger, runs));
  app.use(
    '/v1/user/secrets',
    secretRoutes(vault, () => findUserScope(ledger.db)),
  );
  app.use(
    '/v1/workspaces/:organization/:workspace/secrets',
    secretRoutes(vault, ({ params }) =>
      findWorkspace(ledger.db, `${String(params['organization'])}/${String(params['workspace'])}`),
    ),
  );
  app.use(notFound, problems(log));
  return app;
}

async function healthOf(ledger: Ledger): Promise<Pick<Health, 'ledger' | 'pendingRemovals'>> {
  try {
    return { ledger: 'ok', pendingRemovals: await countPendingRemovals(ledger.db) };
  } catch {
    return { ledger: 'unavailable', pendingRemovals: 0 }; // health says so; the request that needs it says why
  }
}

/** No page can reach a Unix socket, but a proxy in front of one could be asked to: our own clients send no Origin. */
const refuseBrowsers: RequestHandler = (request, _response, next) => {
  if (request.header('origin') === undefined) {
    next();
    return;
  }
  throw new EscrowError('origin-forbidden', 'The request carries an Origin header.');
};
