import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Problem } from '../contract/types.ts';
import { asEscrowError, errorTable, EscrowError } from '../errors.ts';
import { detailOf, type ErrorForm } from './routing/error-form.ts';
import { operationOf, type ResponseObserver } from './routing/mount.ts';
import type { Operation } from './routing/operation.ts';
import { platformErrors } from './seqera-platform/platform-errors.ts';
import { isPlatformPath } from './seqera-platform/platform-paths.ts';
import type { Served } from './served.ts';

/** Converts an error to an RFC 9457 problem. */
export function problemOf(error: EscrowError): Problem {
  const { title, http, retryable } = error.row;
  return {
    type: `urn:nf-escrow:error:${error.code}`,
    title,
    status: http,
    code: error.code,
    detail: detailOf(error),
    hint: error.hint,
    ...(error.field === undefined ? {} : { field: error.field }),
    retryable,
  };
}

/** Errors as problem documents. */
export const problemForm: ErrorForm = {
  mediaType: 'application/problem+json',
  schema: 'problem',
  statusOf: (code) => errorTable[code].http,
  bodyOf: problemOf,
};

/** Rejects requests that no route handles. */
export const notFound: RequestHandler = (request) => {
  throw new EscrowError('not-found', `There is no route ${request.method} ${request.path}.`);
};

/** Returns the error that clients get in place of another one, or undefined if they get that one. */
export type Conceal = (error: EscrowError) => EscrowError | undefined;

/**
 * Returns the error handler that answers in the form of the API, and logs server errors and those that are concealed from clients.
 */
export function problems(
  { log, redact }: Pick<Served, 'log' | 'redact'>,
  observe?: ResponseObserver,
  conceal: Conceal = () => undefined,
): ErrorRequestHandler {
  // Express recognizes an error handler by its four parameters.
  return (thrown: unknown, request, response, _next) => {
    const error = observed(fromExpress(thrown) ?? asEscrowError(thrown), operationOf(request), observe);
    const { code, row } = error;
    const concealed = conceal(error);
    // Load balancers ask for readiness every second. The server logs once why it is not ready.
    if ((row.http >= 500 || concealed !== undefined) && code !== 'not-ready')
      log.error({ code, path: request.path, err: error.cause ?? error }, 'request failed');
    const { statusOf, mediaType, bodyOf } = isPlatformPath(request.path) ? platformErrors : problemForm;
    response
      .status(statusOf(code))
      .type(mediaType)
      .send(redact(JSON.stringify(bodyOf(concealed ?? error))));
  };
}

/** Returns the error that the client receives: in tests, an error that the operation does not document is replaced. */
function observed(
  error: EscrowError,
  operation: Operation | undefined,
  observe: ResponseObserver = () => undefined,
): EscrowError {
  if (operation === undefined) return error;
  try {
    observe(operation, { problem: error.code });
    return error;
  } catch (undocumented) {
    return asEscrowError(undocumented);
  }
}

/** Converts errors of Express and its body parser. Drops their messages, because they may quote the body. */
function fromExpress(thrown: unknown): EscrowError | undefined {
  // Express cannot decode a path such as `/v1/runs/%zz`.
  if (thrown instanceof URIError)
    return new EscrowError('request-invalid', 'Cannot decode the path of the request.');
  if (!(thrown instanceof Error)) return undefined;
  const type = 'type' in thrown && typeof thrown.type === 'string' ? thrown.type : undefined;
  // A body that cannot be decompressed has a status and no type.
  const status = 'status' in thrown && typeof thrown.status === 'number' ? thrown.status : 500;
  if (type === undefined && (status < 400 || status > 499)) return undefined;
  if (type === 'entity.too.large')
    return new EscrowError('payload-too-large', 'The request body is too large.');
  if (type === 'encoding.unsupported')
    return new EscrowError(
      'unsupported-media-type',
      'Cannot read the request body: unknown content encoding.',
    );
  return new EscrowError('request-invalid', `Cannot read the request body: ${type ?? 'it is corrupt'}.`);
}
