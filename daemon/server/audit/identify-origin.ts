import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { requestOrigin } from '../../ledger/request-origin.ts';
import { clientOf } from '../proxies/client-of-request.ts';

const ADDRESS_MAX = 64;

/** Gives each request an id, which the response has too, and the events that it causes their origin. */
export const identifyOrigin: RequestHandler = (request, response, next) => {
  const id = randomUUID();
  response.set('x-request-id', id);
  const address = clientOf(request).address?.slice(0, ADDRESS_MAX) ?? null;
  requestOrigin.run({ request: id, address, token: null, session: null }, next);
};
