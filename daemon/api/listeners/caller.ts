import type { Request, RequestHandler } from 'express';

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

/** Restarts the idle timer at each request, except for those that every user of this machine can send. */
export function touchedBy(touched: () => void): RequestHandler {
  return (request, _response, next) => {
    if (!['anonymous', 'page'].includes(callerOf(request))) touched();
    next();
  };
}
