import type { RequestHandler } from 'express';
import { EscrowError } from '../../errors.ts';

/** The Host header of nf-escrow's clients and of `curl --unix-socket … http://localhost/`, with any port: SSH can forward any. */
const LOCAL = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?$/i;

/**
 * Rejects a request for another host, as protection against DNS rebinding: a web page can make its own host name resolve
 * to this machine. Then the page's requests are same-origin and often have no Origin header, but the browser still sends
 * the page's host name.
 */
export const refuseForeignHosts: RequestHandler = (request, _response, next) => {
  const { host: hosts = [] } = request.headersDistinct;
  const [host = ''] = hosts;
  // A full URL in the request line overrides the Host header: RFC 9112, section 3.2.2. Two Host headers are invalid: section 3.2.
  if (hosts.length === 1 && LOCAL.test(host) && request.originalUrl.startsWith('/')) {
    next();
    return;
  }
  throw new EscrowError('origin-forbidden', `The request names the host "${host.slice(0, 255)}".`, {
    hint: 'Use localhost as host: curl --unix-socket SOCKET http://localhost/v1/health',
  });
};
