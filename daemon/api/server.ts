import express, { type Express, type RequestHandler } from 'express';
import { EscrowError } from '../errors.ts';
import { operations } from './operations/operations.ts';
import { notFound, problems } from './problem.ts';
import { refuseForeignHosts } from './refuse-foreign-hosts.ts';
import { mount, type ResponseObserver } from './routing/mount.ts';
import type { Served } from './served.ts';

/**
 * Creates the API of a user's daemon. It needs no login: only that user can access the directory of the socket. `observe`: tests
 * compare each response with the description of its operation.
 */
export function createServer(served: Served, observe?: ResponseObserver): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(refuseBrowsers, refuseForeignHosts, (_request, _response, next) => {
    served.touched();
    next();
  });
  mount(app, operations, served, observe);
  app.use(notFound, problems(served.log, observe));
  return app;
}

/** Rejects requests with an Origin header. Web pages reach the socket only through a proxy; own clients send no Origin. */
const refuseBrowsers: RequestHandler = (request, _response, next) => {
  if (request.header('origin') === undefined) {
    next();
    return;
  }
  throw new EscrowError('origin-forbidden', 'The request has an Origin header.');
};
