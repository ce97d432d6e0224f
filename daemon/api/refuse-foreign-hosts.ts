import type { RequestHandler } from 'express';
import { EscrowError } from '../errors.ts';

/** What our clients and `curl --unix-socket … http://localhost/` send; any port. */
const OURS = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?$/i;

/**
 * Refuses a request that was made for another host. A web page can have the name of its own host resolve to this machine
 * (DNS rebinding): where something forwards TCP to the socket, its requests are same-origin ones, often without an Origin,
 * but the browser still sends the page's host.
 */
export const refuseForeignHosts: RequestHandler = (request, _response, next) => {
  const host = request.headers.host ?? '';
  // A request line with a whole URL is for a proxy, and its host counts instead of the header: RFC 9112, section 3.2.2.
  if (OURS.test(host) && request.originalUrl.startsWith('/')) {
    next();
    return;
  }
  throw new EscrowError('origin-forbidden', `The request is for the host "${host.slice(0, 255)}".`, {
    hint: 'Ask for http://localhost/…, as with: curl --unix-socket SOCKET http://localhost/v1/health',
  });
};
