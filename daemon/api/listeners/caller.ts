import type { Request, RequestHandler } from 'express';
import { notAuthenticated } from '../../access/assert-current.ts';
import type { Principal } from '../../access/principal.ts';

/**
 * Who sends a request. All requests over the daemon's socket come from the user. `page`: a page that names its session and does
 * not send its token.
 */
export type Caller = 'user' | 'scraper' | 'page' | 'anonymous';

const callers = new WeakMap<Request, Caller>();

/** Returns who sends a request. */
export function callerOf(request: Request): Caller {
  return callers.get(request) ?? 'user';
}

/** Records who sends a request. */
export function identifyCaller(request: Request, caller: Caller): void {
  callers.set(request, caller);
}

const principals = new WeakMap<Request, Principal>();

/** Records the authenticated principal of a request to a team server. */
export function identifyPrincipal(request: Request, principal: Principal): void {
  principals.set(request, principal);
}

/** Returns the authenticated principal of a request to a team server. Throws `unauthenticated` without one. */
export function principalOf(request: Request): Principal {
  const principal = principals.get(request);
  if (principal === undefined) throw notAuthenticated();
  return principal;
}

/** Restarts the idle timer at each request, except for those that every user of this machine can send. */
export function touchedBy(touched: () => void): RequestHandler {
  return (request, _response, next) => {
    if (!['anonymous', 'page'].includes(callerOf(request))) touched();
    next();
  };
}
