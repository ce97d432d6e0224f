import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Principal } from '../access/principal.ts';
import { findWorkspace, userScope } from '../access/scopes.ts';
import type { DaemonStatus, Health } from '../contract/types.ts';
import { validate } from '../contract/validate.ts';
import { EscrowError } from '../errors.ts';
import { readAudit } from '../ledger/journal.ts';
import type { Ledger } from '../ledger/open.ts';
import { exposuresOf } from '../runs/records/exposures.ts';
import { countPendingRemovals } from '../runs/records/queries.ts';
import type { Runs } from '../runs/runs.ts';
import type { Vault } from '../vault/vault.ts';
import { openApi } from './openapi.ts';
import { notFound, problems } from './problem.ts';
import { numbers } from './query.ts';
import type { AllPlatformRules } from '../compute-envs/compute-environments.ts';
import type { AllPlatformChecks } from '../doctor/platform-checks.ts';
import { computeEnvironmentRoutes } from './routes/compute-environments.ts';
import { refuseForeignHosts } from './refuse-foreign-hosts.ts';
import { runRoutes } from './routes/runs.ts';
import { secretRoutes } from './routes/secrets.ts';
import { vaultRoutes } from './routes/vault.ts';
import { organizationRoutes, workspaceRoutes } from './routes/workspaces.ts';

/** The parts of the daemon that the API serves. main.ts assembles them. */
export interface Served {
  readonly version: string;
  readonly ledger: Ledger;
  readonly vault: Vault;
  readonly runs: Runs;
  /** The user of this daemon. */
  readonly user: Principal;
  readonly log: Logger;
  readonly platformRules: AllPlatformRules;
  readonly platformChecks: AllPlatformChecks;
  readonly status: () => DaemonStatus;
  /** Starts a graceful shutdown of the daemon. Called after the response is sent. */
  readonly stop: () => void;
  /** Called at each request, to restart the daemon's idle timer. */
  readonly touched: () => void;
}

const AUDIT_DEFAULT = 100;

/** Creates the API of a user's daemon. It needs no login: only that user can access the directory of the socket. */
export function createServer(served: Served): Express {
  const { ledger, vault, runs, user, log, version } = served;
  const app = express().disable('x-powered-by').disable('etag');
  app.use(refuseBrowsers, refuseForeignHosts, (_request, _response, next) => {
    served.touched();
    next();
  });
  app.get('/v1/health', async (_request, response) => {
    response.json({ status: 'ok', version, ...(await healthOf(ledger)) } satisfies Health);
  });
  app.get('/v1/daemon', (_request, response) => {
    response.json(served.status());
  });
  app.post('/v1/daemon/stop', (_request, response) => {
    response.on('finish', served.stop).status(202).json(served.status());
  });
  app.get('/v1/audit', async (request, response) => {
    const { limit = AUDIT_DEFAULT, before } = validate<'AuditQuery'>(
      'audit-query.json',
      numbers(request.query),
    );
    response.json({ events: await readAudit(ledger.db, limit, before) });
  });
  app.get('/v1/exposures', async (_request, response) => {
    response.json({ exposures: await exposuresOf(ledger.db) });
  });
  app.get('/v1/openapi.json', (_request, response) => {
    response.json(openApi(version));
  });
  app.use('/v1/runs', runRoutes(ledger, runs));
  app.use(
    '/v1/user/secrets',
    secretRoutes(vault, user, () => userScope(ledger.db, user)),
  );
  app.use(
    '/v1/workspaces/:organization/:workspace/secrets',
    secretRoutes(vault, user, ({ params }) =>
      findWorkspace(ledger.db, `${String(params['organization'])}/${String(params['workspace'])}`),
    ),
  );
  app.use('/v1/workspaces', workspaceRoutes(ledger, user));
  app.use('/v1/organizations', organizationRoutes(ledger, user));
  app.use(
    '/v1/compute-envs',
    computeEnvironmentRoutes(ledger, user, served.platformRules, served.platformChecks),
  );
  app.use('/v1/vault', vaultRoutes(ledger, vault, user));
  app.use(notFound, problems(log));
  return app;
}

async function healthOf(ledger: Ledger): Promise<Pick<Health, 'ledger' | 'pendingRemovals'>> {
  try {
    return { ledger: 'ok', pendingRemovals: await countPendingRemovals(ledger.db) };
  } catch {
    return { ledger: 'unavailable', pendingRemovals: 0 }; // a request that needs the ledger reports the reason
  }
}

/** Rejects requests with an Origin header. Web pages reach the socket only through a proxy; own clients send no Origin. */
const refuseBrowsers: RequestHandler = (request, _response, next) => {
  if (request.header('origin') === undefined) {
    next();
    return;
  }
  throw new EscrowError('origin-forbidden', 'The request has an Origin header.');
};
