import type { Request, RequestHandler } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { keyOf, type Principal } from '../../access/principal.ts';
import { readAuthorization } from '../../api/listeners/authorization.ts';
import { identifyCaller, identifyPrincipal } from '../../api/listeners/caller.ts';
import { EscrowError } from '../../errors.ts';
import type { ServerSettings } from '../configuration/server-settings.ts';
import { clientOf } from '../proxies/client-of-request.ts';
import { networkOf } from '../proxies/ip-address.ts';

/**
 * Returns the principal of a token that is used from an address, or undefined if the token is not valid there. `address`: undefined if
 * it is not known.
 */
export type AuthenticateToken = (
  token: string,
  address: string | undefined,
) => Promise<Principal | undefined>;

/** Seconds in which `anonymousRequests` are counted. */
const ANONYMOUS_SECONDS = 10;

/**
 * Requires a token for requests that are not public. Limits the requests of each principal, and of each address without a valid
 * token. Throws `unauthenticated`, `too-many-requests`.
 */
export function authenticateRequests(
  authenticate: AuthenticateToken,
  { requestsPerSecond, anonymousRequests }: ServerSettings['limits'],
  isPublic: (request: Request) => boolean,
): RequestHandler {
  const known = new RateLimiterMemory({ points: requestsPerSecond, duration: 1 });
  const anonymous = new RateLimiterMemory({ points: anonymousRequests, duration: ANONYMOUS_SECONDS });
  return async (request, response, next) => {
    const { address } = clientOf(request);
    const { token } = readAuthorization(request.headersDistinct.authorization);
    const principal = token === undefined ? undefined : await find(token, address, isPublic(request));
    try {
      await (principal === undefined
        ? anonymous.consume(networkOf(address ?? 'unknown'))
        : known.consume(keyOf(principal)));
    } catch (limited) {
      if (!(limited instanceof RateLimiterRes)) throw limited;
      response.set('retry-after', String(Math.ceil(limited.msBeforeNext / 1000)));
      throw new EscrowError('too-many-requests', 'The server has received too many requests.');
    }
    identifyCaller(request, principal === undefined ? 'anonymous' : 'user');
    if (principal !== undefined) identifyPrincipal(request, principal);
    else if (!isPublic(request)) {
      response.set({ 'www-authenticate': 'Bearer realm="nf-escrow"' });
      throw new EscrowError('unauthenticated', 'The request has no valid token.', {
        hint: 'Send a token of the server: Authorization: Bearer TOKEN.',
      });
    }
    next();
  };

  /** A public request is answered without details while the ledger cannot be read. */
  async function find(
    token: string,
    address: string | undefined,
    optional: boolean,
  ): Promise<Principal | undefined> {
    try {
      return await authenticate(token, address);
    } catch (error) {
      if (optional) return undefined;
      throw error;
    }
  }
}
