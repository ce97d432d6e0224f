import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { EscrowError } from '../../errors.ts';

/**
 * Rejects requests that a web page causes. Browsers name the page's origin in Origin, except for links, images, frames and
 * simple GET requests, which they mark in Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/). `none` is an address that
 * a person typed.
 */
export const refuseWebPages: RequestHandler = ({ headers }, _response, next) => {
  if (headers.origin !== undefined)
    throw new EscrowError('origin-forbidden', 'The request has an Origin header.');
  assertSameSite(headers);
  next();
};

/**
 * Rejects requests that a page of another origin causes, on listeners that serve our page and require a token. The origin is
 * that of the Host header. Behind a proxy that replaces the Host header, Sec-Fetch-Site decides. Browsers set this header, and
 * pages cannot change it.
 */
export const refuseOtherPages: RequestHandler = ({ headers }, _response, next) => {
  const { origin, host = '' } = headers;
  if (origin !== undefined && origin !== `http://${host}` && headers['sec-fetch-site'] !== 'same-origin')
    throw new EscrowError('origin-forbidden', 'The request comes from a page of another origin.');
  assertSameSite(headers);
  next();
};

function assertSameSite(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'none' && site !== 'same-origin')
    throw new EscrowError('origin-forbidden', 'The request comes from a page of another site.');
}
