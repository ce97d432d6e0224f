import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { EscrowError } from '../../errors.ts';
import type { ServerSettings } from '../configuration/server-settings.ts';
import { parseForwarded, parseXForwarded, type Hop } from './forwarded-header.ts';
import { readAddress } from './ip-address.ts';

/** The client of a request, as far as trusted proxies name it. */
export interface Client {
  /** Undefined if a proxy does not name it, or for a client of the Unix socket itself. */
  readonly address: string | undefined;
  /** Whether the connection of the client is encrypted. */
  readonly isEncrypted: boolean;
}

type Trust = Pick<ServerSettings, 'trustedProxies' | 'forwardedHeader'> & { readonly isTls: boolean };

/**
 * Returns the client of a request. Follows the hops from the last proxy to the first, and stops at the first address that is not a
 * trusted proxy: everything before it was written by that client. The headers of other peers are ignored, and so is the header that
 * is not configured, which a proxy may pass on unchanged. Throws `proxy-header-invalid`.
 */
export function findClient(
  request: IncomingMessage,
  { trustedProxies, forwardedHeader, isTls }: Trust,
): Client {
  let client: Client = { address: peerOf(request), isEncrypted: isTls };
  if (trustedProxies.isEmpty || !trustedProxies.has(client.address)) return client;
  for (const { address, protocol } of readHops(request, forwardedHeader).toReversed()) {
    // If a proxy reports no protocol, its connection to the next proxy determines whether the client is encrypted.
    client = { address, isEncrypted: protocol === undefined ? client.isEncrypted : protocol === 'https' };
    if (address === undefined || !trustedProxies.has(address)) break;
  }
  return client;
}

function peerOf({ socket }: IncomingMessage): string | undefined {
  return readAddress(socket.remoteAddress);
}

function readHops({ headersDistinct }: IncomingMessage, header: Trust['forwardedHeader']): readonly Hop[] {
  const read = (name: string): string | undefined => headersDistinct[name]?.join(',');
  const text = read(header);
  if (text === undefined) return [];
  const hops =
    header === 'forwarded' ? parseForwarded(text) : parseXForwarded(text, read('x-forwarded-proto'));
  if (hops !== undefined) return hops;
  throw new EscrowError('proxy-header-invalid', `Cannot parse the header ${header} of the proxy.`);
}

const clients = new WeakMap<Request, Client>();

/** Returns the client of a request. */
export function clientOf(request: Request): Client {
  return clients.get(request) ?? { address: undefined, isEncrypted: false };
}

/**
 * Records the client of each request. Rejects a request whose client's connection is not encrypted, because its token was readable
 * on the network. `isPublic`: whether a request needs no token, such as the checks of a proxy. Throws `proxy-header-invalid`.
 */
export function identifyClient(trust: Trust, isPublic: (request: Request) => boolean): RequestHandler {
  return (request, _response, next) => {
    const client = findClient(request, trust);
    clients.set(request, client);
    if (!client.isEncrypted && !isPublic(request))
      throw new EscrowError(
        'proxy-header-invalid',
        `The proxy does not report an encrypted connection of the client in ${describe(trust.forwardedHeader)}.`,
      );
    next();
  };
}

function describe(header: Trust['forwardedHeader']): string {
  return header === 'forwarded'
    ? 'the header forwarded'
    : 'the headers x-forwarded-for and x-forwarded-proto';
}
