import type { Request, RequestHandler } from 'express';
import { EscrowError } from '../../errors.ts';

const FORM = /^(\[[0-9a-f:.]+\]|[0-9a-z.-]{1,253})(?::[0-9]{1,5})?$/;

/**
 * Rejects requests that name a host that is not one of the server, as protection against DNS rebinding and against proxies that
 * route by another name. `isPublic`: whether a request needs no token, such as the checks of a load balancer, which name an address.
 */
export function refuseUnknownHosts(
  names: ReadonlySet<string>,
  isPublic: (request: Request) => boolean,
): RequestHandler {
  return (request, _response, next) => {
    const { host: hosts = [] } = request.headersDistinct;
    const [, name = ''] = FORM.exec((hosts[0] ?? '').toLowerCase()) ?? [];
    // A full URL in the request line overrides the Host header: RFC 9112, section 3.2.2. Two Host headers are invalid: section 3.2.
    const isValid = hosts.length === 1 && request.originalUrl.startsWith('/');
    if (isValid && (names.has(name) || isPublic(request))) {
      next();
      return;
    }
    throw new EscrowError(
      'origin-forbidden',
      `The request names the host "${(hosts[0] ?? '').slice(0, 255)}", which is not a name of this server.`,
      { hint: 'Use the address of the server. An administrator can add names with serverNames.' },
    );
  };
}
