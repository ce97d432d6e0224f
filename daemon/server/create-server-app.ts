import express, { type Express, type Request, type RequestHandler } from 'express';
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
import {
  authenticateRequests,
  type AuthenticateSession,
  type AuthenticateToken,
} from './listener/authenticate-requests.ts';
import { refuseForeignPages } from './listener/refuse-foreign-pages.ts';
import type { RequestLimits } from './limits/request-limits.ts';
import { refuseUnknownHosts } from './listener/refuse-unknown-hosts.ts';
import { serverOperations } from './operations.ts';
import { serveTeamPage } from './page/serve-team-page.ts';
import { identifyClient } from './proxies/client-of-request.ts';

/** What the API of a server needs. */
export interface ServerAppOptions {
  readonly settings: ServerSettings;
  readonly readiness: Readiness;
  readonly authenticate: AuthenticateToken;
  readonly authenticateSession: AuthenticateSession;
  /** Pages with which people sign in, and the address to which the identity provider redirects. */
  readonly pages: RequestHandler;
  readonly limits: RequestLimits;
  readonly audit: RequestAudit;
  /** Tests compare each response with the description of its operation. */
  readonly observe?: ResponseObserver | undefined;
}

/** Creates the API of a server. */
export function createServerApp(
  served: Served,
  { settings, readiness, authenticate, authenticateSession, pages, limits, audit, observe }: ServerAppOptions,
): Express {
  const app = express().disable('x-powered-by').disable('etag');
  const trust = { ...settings, isTls: settings.tls !== undefined };
  app.use(served.recorder.requests, responseHeaders({ isEncrypted: true }), closeWhileDraining(readiness));
  app.use(identifyClient(trust, isPublic), identifyOrigin);
  app.use(refuseUnknownHosts(settings.names, isPublic), refuseWhileUnusable(readiness));
  // Before the checks of web pages: a link in a message, or a redirect of the provider, comes from another site.
  app.use(pages, serveTeamPage(settings.publicUrl.origin));
  app.use(refuseForeignPages(settings.publicUrl.origin));
  const findRelease = (credential: string): Promise<string | undefined> =>
    findReleaseOf(served.ledger.db, credential);
  const checks = { isPublic, isReport, isSignIn, findRelease };
  app.use(authenticateRequests({ authenticate, authenticateSession, limits, audit, ...checks }));
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

const PUBLIC = routesWith('public');
const SIGN_IN = routesWith('sign-in');

function routesWith(wanted: 'public' | 'sign-in'): readonly string[] {
  return serverOperations
    .filter(({ access }) => access === wanted)
    .map(({ method, path }) => `${method} ${path}`);
}

/** Only the exact path. */
function isPublic(request: Request): boolean {
  return PUBLIC.includes(routeOf(request));
}

/** Operations for people and terminals that have not signed in yet. Their paths have no parameters. */
function isSignIn(request: Request): boolean {
  return SIGN_IN.includes(routeOf(request));
}

function routeOf({ method, path }: Request): string {
  return `${method === 'HEAD' ? 'get' : method.toLowerCase()} ${path}`;
}

/** Requests that need the ledger are refused before it is read. Readiness itself says why. */
function refuseWhileUnusable(readiness: Readiness): RequestHandler {
  return (request, _response, next) => {
    if (!isPublic(request)) readiness.assertUsable();
    next();
  };
}

const RELEASE = serverOperations
  .filter(({ access }) => access === 'release')
  .map(({ method, path }) => ({
    method,
    form: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
  }));

/** Daemons have a credential for their releases, which the operation checks. */
function isReport({ method, path }: Request): boolean {
  const wanted = method === 'HEAD' ? 'get' : method.toLowerCase();
  return RELEASE.some((one) => one.method === wanted && one.form.test(path));
}

/** Clients that keep connections open are asked to use another server for their next request. */
function closeWhileDraining(readiness: Readiness): RequestHandler {
  return (_request, response, next) => {
    if (readiness.isDraining) response.set('connection', 'close');
    next();
  };
}
