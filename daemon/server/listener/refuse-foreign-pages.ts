import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { csrfTokenOf, type Visitor } from '../../api/listeners/session-cookie.ts';
import { EscrowError } from '../../errors.ts';

const SAFE = ['GET', 'HEAD'];

/**
 * Rejects requests that a page of another origin causes. Browsers name the origin of the page in Origin, except for links, images,
 * frames and simple GET requests, which they mark in Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/). The page of another port
 * of the same host is another origin, and one of another subdomain too. `origin`: that of the public URL.
 */
export function refuseForeignPages(origin: string): RequestHandler {
  return ({ headersDistinct }, _response, next) => {
    const { origin: origins = [], 'sec-fetch-site': sites = [] } = headersDistinct;
    if (origins.some((one) => one !== origin))
      throw new EscrowError('origin-forbidden', 'The request comes from a page of another origin.', {
        hint: HINT,
      });
    if (sites.some((site) => site !== 'none' && site !== 'same-origin'))
      throw new EscrowError('origin-forbidden', 'The request comes from a page of another site.', {
        hint: HINT,
      });
    next();
  };
}

const HINT = 'Open the page of the server itself, or use the command line.';

/**
 * Throws `csrf-token-invalid` for a request with the cookie of a session that changes something, unless the page of the server has
 * sent it: the browser names its origin, and the page sends a token that no other page can read. Call it after `refuseForeignPages`.
 */
export function assertFromOwnPage(request: Request, { secret }: Visitor): void {
  if (SAFE.includes(request.method)) return;
  const { origin, 'sec-fetch-site': site } = request.headers;
  const token = request.headersDistinct['x-csrf-token'] ?? [];
  const isNamed = origin !== undefined || site === 'same-origin';
  if (isNamed && token.length === 1 && isEqual(token[0] ?? '', csrfTokenOf(secret))) return;
  throw new EscrowError(
    'csrf-token-invalid',
    'Cannot accept the request with the session of a browser: it has no valid X-CSRF-Token header.',
  );
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
