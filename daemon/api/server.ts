import express, { type Express, type RequestHandler } from 'express';
import { touchedBy } from './listeners/caller.ts';
import { refuseForeignHosts } from './listeners/refuse-foreign-hosts.ts';
import { refuseOtherPages, refuseWebPages } from './listeners/refuse-web-pages.ts';
import { responseHeaders } from './listeners/response-headers.ts';
import { operations } from './operations/operations.ts';
import { notFound, problems } from './problem.ts';
import { mount, type ResponseObserver } from './routing/mount.ts';
import { servePage } from './page/serve-page.ts';
import { platformGroup } from './seqera-platform/operations.ts';
import { API_PREFIX } from './seqera-platform/platform-paths.ts';
import type { Served } from './served.ts';

/** Options of the API. */
interface ServerOptions {
  /**
   * Authenticates requests over TCP and the page socket, which also serve the web page. The daemon's socket needs none: only the
   * daemon's user can access its directory.
   */
  readonly guard?: RequestHandler;
  /** Tests compare each response with the description of its operation. */
  readonly observe?: ResponseObserver | undefined;
}

/** Creates the API of a user's daemon for one listener. */
export function createServer(served: Served, { guard, observe }: ServerOptions = {}): Express {
  const app = express().disable('x-powered-by').disable('etag');
  const own = { ...served, needsToken: guard !== undefined };
  app.use(served.recorder.requests, responseHeaders({ isEncrypted: false }));
  if (guard === undefined) app.use(refuseWebPages, refuseForeignHosts);
  else app.use(refuseForeignHosts, servePage(), refuseOtherPages, guard);
  app.use(touchedBy(served.touched));
  mount(app, operations, own, observe);
  mount(app, platformGroup.operations, own, observe);
  mount(app, platformGroup.operations, own, observe, API_PREFIX);
  app.use(notFound, problems(served, observe));
  return app;
}
