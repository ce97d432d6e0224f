import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import { notAuthenticated } from '../../access/assert-current.ts';
import { keyOf, type TeamPrincipal } from '../../access/principal.ts';
import type { FoundSession } from '../../access/sign-in/authenticate-session.ts';
import { readAuthorization } from '../../api/listeners/authorization.ts';
import { identifyCaller, identifyPrincipal } from '../../api/listeners/caller.ts';
import {
  identifyVisitor,
  readCookie,
  SESSION_COOKIE,
  type Visitor,
} from '../../api/listeners/session-cookie.ts';
import { EscrowError } from '../../errors.ts';
import { identifyCredential, type RequestAudit } from '../audit/audit-requests.ts';
import { TooManyRequests, type RequestLimits } from '../limits/request-limits.ts';
import { clientOf } from '../proxies/client-of-request.ts';
import { networkOf } from '../proxies/ip-address.ts';
import { assertFromOwnPage } from './refuse-foreign-pages.ts';

/**
 * Returns the principal of a token that is used from an address. `address`: undefined if it is not known. Throws `unauthenticated`
 * if the token is not valid there.
 */
export type AuthenticateToken = (token: string, address: string | undefined) => Promise<TeamPrincipal>;

/** Returns the session of a cookie; undefined if it has ended. */
export type AuthenticateSession = (secret: string) => Promise<FoundSession | undefined>;

/** Waits, and returns early if the client disconnects. Tests replace it. */
type Pause = (ms: number, response: Response) => Promise<void>;

/** What authentication needs. */
interface Options {
  readonly authenticate: AuthenticateToken;
  readonly authenticateSession: AuthenticateSession;
  readonly limits: RequestLimits;
  readonly audit?: Pick<RequestAudit, 'noteToken'> | undefined;
  readonly isPublic: (request: Request) => boolean;
  /** Whether the operation itself checks a credential that is not a token. */
  readonly isReport: (request: Request) => boolean;
  /** Whether the operation is for people and terminals that have not signed in yet. */
  readonly isSignIn: (request: Request) => boolean;
  /** Returns the release of such a credential, if it is valid. */
  readonly findRelease: (credential: string) => Promise<string | undefined>;
  readonly pause?: Pause | undefined;
}

/**
 * Requires a token or a session for requests that are not public. Limits the requests of each principal, and of each address without a
 * valid one, and delays the answers to wrong tokens. Throws `unauthenticated`, `too-many-requests`, `csrf-token-invalid`.
 */
export function authenticateRequests({
  authenticate,
  authenticateSession,
  limits,
  audit,
  isPublic,
  isReport,
  isSignIn,
  findRelease,
  pause = pauseWhileOpen,
}: Options): RequestHandler {
  return async (request, response, next) => {
    const { address } = clientOf(request);
    const network = networkOf(address ?? 'unknown');
    const isOptional = isPublic(request);
    const { token } = readAuthorization(request.headersDistinct.authorization);
    const visitor = await findVisitor(request);
    const principal =
      token === undefined || isReport(request)
        ? visitor?.session.user
        : await find(token, address, isOptional);
    // Many daemons can have one address, such as those on a login node, so that their reports are not counted by address.
    const release = token !== undefined && isReport(request) ? await findRelease(token) : undefined;
    const known = principal === undefined ? release : keyOf(principal);
    try {
      await (known === undefined ? limits.countAnonymous(network, isOptional) : limits.countKnown(known));
    } catch (limited) {
      if (limited instanceof TooManyRequests) response.set('retry-after', String(limited.retryAfterSeconds));
      throw limited;
    }
    if (visitor !== undefined) {
      assertFromOwnPage(request, visitor);
      identifyVisitor(request, visitor);
    }
    identifyCaller(request, principal === undefined ? 'anonymous' : 'user');
    if (principal !== undefined) {
      identifyPrincipal(request, principal);
      identifyCredential(principal);
      await audit?.noteToken(principal, address);
    } else if (!isOptional && !isReport(request) && !isSignIn(request)) {
      if (token !== undefined) await pause(await limits.countWrongToken(network), response);
      response.set({ 'www-authenticate': 'Bearer realm="nf-escrow"' });
      throw notAuthenticated();
    }
    next();
  };

  /** Browsers send no Authorization header. A request with one never uses the cookie. */
  async function findVisitor(request: Request): Promise<Visitor | undefined> {
    const secret = readCookie(request, SESSION_COOKIE);
    if (secret === undefined || request.headers.authorization !== undefined || isPublic(request))
      return undefined;
    const session = await authenticateSession(secret);
    return session === undefined ? undefined : { secret, session };
  }

  /** A public request is answered without details while the ledger cannot be read. */
  async function find(
    token: string,
    address: string | undefined,
    isOptional: boolean,
  ): Promise<TeamPrincipal | undefined> {
    try {
      return await authenticate(token, address);
    } catch (error) {
      const isWrong = error instanceof EscrowError && error.code === 'unauthenticated';
      if (isWrong || isOptional) return undefined;
      throw error;
    }
  }
}

async function pauseWhileOpen(ms: number, response: Response): Promise<void> {
  if (ms === 0) return;
  const left = new AbortController();
  const abort = (): void => {
    left.abort();
  };
  response.once('close', abort);
  await sleep(ms, undefined, { signal: left.signal }).catch(() => undefined);
  response.off('close', abort);
}
