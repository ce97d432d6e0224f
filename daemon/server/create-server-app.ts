import express, { type Express, type Request, type RequestHandler } from 'express';
import { refuseWebPages } from '../api/listeners/refuse-web-pages.ts';
import { responseHeaders } from '../api/listeners/response-headers.ts';
import { notFound, problems } from '../api/problem.ts';
import { mount, type ResponseObserver } from '../api/routing/mount.ts';
import type { Served } from '../api/served.ts';
import type { RequestAudit } from './audit/audit-requests.ts';
import { identifyOrigin } from './audit/identify-origin.ts';
import { concealDetails } from './conceal-details.ts';
import { findReleaseOf } from '../releases/report-release.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import type { Readiness } from './lifecycle/readiness.ts';
import { authenticateRequests, type AuthenticateToken } from './listener/authenticate-requests.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { refuseUnknownHosts } from './listener/refuse-unknown-hosts.ts';
import { serverOperations } from './operations.ts';
import { identifyClient } from './proxies/client-of-request.ts';

/** What the API of a server needs. */
export interface ServerAppOptions {
  readonly settings: ServerSettings;
  readonly readiness: Readiness;
  readonly authenticate: AuthenticateToken;
  readonly limits: RequestLimits;
  readonly audit: RequestAudit;
  /** Tests compare each response with the description of its operation. */
  readonly observe?: ResponseObserver | undefined;
}

/** Creates the API of a server. */
export function createServerApp(
  served: Served,
  { settings, readiness, authenticate, limits, audit, observe }: ServerAppOptions,
): Express {
  const app = express().disable('x-powered-by').disable('etag');
  const trust = { ...settings, isTls: settings.tls !== undefined };
  app.use(served.recorder.requests, responseHeaders({ isEncrypted: true }), closeWhileDraining(readiness));
  app.use(identifyClient(trust, isPublic), identifyOrigin);
  app.use(refuseUnknownHosts(settings.names, isPublic), refuseWebPages);
  app.use(refuseWhileUnusable(readiness));
  const findRelease = (credential: string): Promise<string | undefined> =>
    findReleaseOf(served.ledger.db, credential);
  app.use(authenticateRequests({ authenticate, limits, audit, isPublic, isReport, findRelease }));
  mount(app, serverOperations, served, observe);
  app.use(notFound, audit.denials, problems(served, observe, concealDetails));
  return app;
}

/** Creates the API of a server that is starting: it is alive, and not ready. */
export function createStartingApp(readiness: Readiness, log: Served['log']): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(responseHeaders({ isEncrypted: true }), closeWhileDraining(readiness));
  app.get('/v1/health', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.use(async () => readiness.check(false));
  app.use(problems({ log, redact: (text) => text }));
  return app;
}

const PUBLIC = serverOperations
  .filter(({ access }) => access === 'public')
  .map(({ method, path }) => `${method} ${path}`);

/** Only the exact path. */
function isPublic({ method, path }: Request): boolean {
  return PUBLIC.includes(`${method === 'HEAD' ? 'get' : method.toLowerCase()} ${path}`);
}

/** Requests that need the ledger are refused before it is read. Readiness itself says why. */
function refuseWhileUnusable(readiness: Readiness): RequestHandler {
  return (request, _response, next) => {
    if (!isPublic(request)) readiness.assertUsable();
    next();
  };
}

/** Reports on releases have a credential that the operation checks. */
function isReport({ method, path }: Request): boolean {
  return method === 'PUT' && /^\/v1\/releases\/[^/]+\/state\/?$/i.test(path);
}

/** Clients that keep connections open are asked to use another server for their next request. */
function closeWhileDraining(readiness: Readiness): RequestHandler {
  return (_request, response, next) => {
    if (readiness.isDraining) response.set('connection', 'close');
    next();
  };
}
