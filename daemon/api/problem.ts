import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Problem } from '../contract/types.ts';
import { asEscrowError, EscrowError } from '../errors.ts';

/** An error as an RFC 9457 problem. The detail of an unexpected error stays in the log: it may quote anything. */
export function problemOf(error: EscrowError): Problem {
  const { title, http, retryable } = error.row;
  const detail = error.code === 'internal' ? 'Something unexpected happened.' : error.message;
  return {
    type: `urn:nf-escrow:error:${error.code}`,
    title,
    status: http,
    code: error.code,
    detail,
    hint: error.hint,
    retryable,
  };
}

export const notFound: RequestHandler = (request) => {
  throw new EscrowError('not-found', `There is nothing at ${request.method} ${request.path}.`);
};

export function problems(log: Logger): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return (thrown: unknown, request, response, _next) => {
    const error = fromExpress(thrown) ?? asEscrowError(thrown);
    const { code, row } = error;
    if (row.http >= 500) log.error({ code, path: request.path, err: error.cause ?? error }, 'request failed');
    response
      .status(row.http)
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(error)));
  };
}

/** Express's and its body parser's own errors carry a status; their messages may quote the body, so they are not passed on. */
function fromExpress(thrown: unknown): EscrowError | undefined {
  // Express cannot decode the address, as in `/v1/runs/%zz`.
  if (thrown instanceof URIError)
    return new EscrowError('request-invalid', 'The address of the request cannot be read.');
  if (!(thrown instanceof Error)) return undefined;
  const type = 'type' in thrown && typeof thrown.type === 'string' ? thrown.type : undefined;
  // What cannot be unpacked has a status and no type.
  const status = 'status' in thrown && typeof thrown.status === 'number' ? thrown.status : 500;
  if (type === undefined && (status < 400 || status > 499)) return undefined;
  if (type === 'entity.too.large') return new EscrowError('request-invalid', 'The body is too large.');
  return new EscrowError('request-invalid', `The body cannot be read (${type ?? 'it is spoilt'}).`);
}
