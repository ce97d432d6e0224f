import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { EscrowError } from '../../errors.ts';
import type { Sessions } from '../../access/sessions.ts';
import type { Operation } from '../routing/operation.ts';
import { identifyCaller, type Caller } from './caller.ts';
import { readAuthorization } from './authorization.ts';

/** The tokens that a listener accepts. */
export interface Tokens {
  /** Gives access to all operations. A page socket has none. */
  readonly user: string | undefined;
  /** The sessions of the web page, whose tokens give access to all operations too. */
  readonly sessions: Pick<Sessions, 'accepts' | 'has'>;
  /** Returns the token that gives access to the metrics only; undefined if there is none. */
  readonly scrape: () => string | undefined;
}

/** Requests that one kind of caller can send in a time, in seconds. */
const LIMITS: Readonly<Record<Caller, { readonly points: number; readonly duration: number }>> = {
  user: { points: 2000, duration: 1 },
  scraper: { points: 50, duration: 10 },
  // Wrong tokens count too. All users of this machine share an address, so they share this limit, but not that of the user.
  anonymous: { points: 50, duration: 10 },
  // Asks for a proof before it sends its token, so that these requests must not share the limit of other users.
  page: { points: 1000, duration: 1 },
};

/**
 * Requires a token, except for the public operations. Compares tokens in constant time, and limits the number of requests
 * of each kind of caller. Throws `unauthenticated`, `too-many-requests`.
 */
export function authenticate(tokens: Tokens, operations: readonly Operation[]): RequestHandler {
  const permits = accessOf(operations);
  const limiters = new Map(
    Object.entries(LIMITS).map(([caller, limit]) => [caller, new RateLimiterMemory(limit)]),
  );
  return async (request, response, next) => {
    const caller = identify(request, tokens);
    try {
      await limiters.get(caller)?.consume(caller);
    } catch (limited) {
      if (!(limited instanceof RateLimiterRes)) throw limited;
      response.set('retry-after', String(Math.ceil(limited.msBeforeNext / 1000)));
      throw new EscrowError('too-many-requests', 'The daemon has received too many requests.');
    }
    identifyCaller(request, caller);
    if (permits(caller, request)) {
      next();
      return;
    }
    response.set({ 'www-authenticate': 'Bearer realm="nf-escrow"', connection: 'close' });
    throw new EscrowError('unauthenticated', 'The request has no valid token.');
  };
}

/** Returns a function that decides whether a caller may send a request. Everything that is not public needs the user's token. */
function accessOf(operations: readonly Operation[]): (caller: Caller, request: Request) => boolean {
  const routes = (access: Operation['access']): readonly string[] =>
    operations.filter((one) => one.access === access).map(({ method, path }) => `${method} ${path}`);
  const open = routes('public');
  const further: Readonly<Partial<Record<Caller, readonly string[]>>> = {
    scraper: routes('scrape'),
    page: routes('session'),
  };
  return (caller, { method, path }) => {
    if (caller === 'user') return true;
    const route = `${method === 'HEAD' ? 'get' : method.toLowerCase()} ${path}`;
    return open.includes(route) || further[caller]?.includes(route) === true;
  };
}

function identify({ headersDistinct }: Request, { user, sessions, scrape }: Tokens): Caller {
  const { token, session } = readAuthorization(headersDistinct.authorization);
  if (session !== undefined) return sessions.has(session) ? 'page' : 'anonymous';
  if (token === undefined) return 'anonymous';
  if ((user !== undefined && isEqual(token, user)) || sessions.accepts(token)) return 'user';
  const scraper = scrape();
  return scraper !== undefined && isEqual(token, scraper) ? 'scraper' : 'anonymous';
}

/** Compares digests, because timingSafeEqual requires equal lengths. */
function isEqual(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
