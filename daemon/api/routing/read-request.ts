import express, { type Request, type RequestHandler } from 'express';
import { schemaOf, validate } from '../../contract/validate.ts';
import { EscrowError } from '../../errors.ts';
import type { Operation } from './operation.ts';

const BODY_MAX = 100 * 1024;
const CHARSET = /^utf-?8$/i;

/**
 * Returns the validated query of a request. Throws `request-invalid`, also for parameters that the operation does not have
 * unless it ignores them.
 */
export function readQuery({ query: file, ignoresUnknown = false }: Operation, request: Request): unknown {
  const found = request.query;
  if (file === undefined) {
    const [unknown] = Object.keys(found);
    if (unknown === undefined || ignoresUnknown) return undefined;
    throw new EscrowError('request-invalid', `Unknown query parameter: ${quoteName(unknown)}.`, {
      hint: `This operation takes no query parameters: ${request.method} ${request.path}`,
    });
  }
  const types = scalarTypes(file);
  const converted = Object.entries(found).flatMap(([name, value]) => {
    if (types.has(name)) return [[name, convert(value, types.get(name))] as const];
    if (ignoresUnknown) return [];
    throw new EscrowError('request-invalid', `Unknown query parameter: ${quoteName(name)}.`, {
      hint: `Use one of: ${[...types.keys()].join(', ')}`,
    });
  });
  return validate(`${file}.json`, Object.fromEntries(converted));
}

/** Limits what an error quotes of a name. */
function quoteName(name: string): string {
  return JSON.stringify(name.slice(0, 50));
}

/** A whole number below 2^63. Numbers above 2^53 lose precision, and no object has such a number. */
export const INTEGER = /^[0-9]{1,19}$/;

/** Converts text to the type of its parameter. Returns other text unchanged, which the schema then rejects. */
function convert(value: unknown, type: string | undefined): unknown {
  if (typeof value !== 'string') return value; // a parameter that is repeated
  if (type === 'integer' && INTEGER.test(value)) return Number(value);
  if (type === 'boolean' && /^(true|false)$/.test(value)) return value === 'true';
  return value;
}

/** Returns the query parameters of a schema with their types. */
function scalarTypes(file: string): ReadonlyMap<string, string | undefined> {
  const { properties } = schemaOf(`${file}.json`) as { properties: Record<string, { type?: string }> };
  return new Map(Object.entries(properties).map(([name, { type }]) => [name, type]));
}

/** Returns the middleware that parses the JSON body of an operation. Throws `unsupported-media-type`, `payload-too-large`. */
export function bodyParser({
  request: file,
  requestMax = BODY_MAX,
  ignoresUnknown = false,
}: Operation): RequestHandler {
  const parse: RequestHandler = express.json({ limit: requestMax, type: () => true, strict: false });
  return (request, response, next) => {
    if (!hasBody(request) || (file === undefined && ignoresUnknown)) next();
    else if (file === undefined) refuseBody(request);
    else {
      assertJson(request);
      parse(request, response, next);
    }
  };
}

/** Returns the validated body. Throws `request-invalid`. */
export function readBody({ request: file, requestOptional = false }: Operation, request: Request): unknown {
  if (file === undefined) return undefined;
  const isMissing = !hasBody(request);
  if (isMissing && !requestOptional)
    throw new EscrowError('request-invalid', 'The request has no body, which this operation requires.', {
      hint: `Send a JSON body: schemas/${file}.json`,
    });
  return validate(`${file}.json`, isMissing ? {} : request.body);
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function refuseBody(request: Request): never {
  const { method, path } = request;
  throw new EscrowError('request-invalid', `The request has a body, and ${method} ${path} takes none.`);
}

/** JSON is UTF-8: RFC 8259, section 8.1. */
function assertJson(request: Request): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim());
  const charset = parameters
    .map((parameter) => /^charset="?([^"]*)"?$/i.exec(parameter)?.[1])
    .find((name) => name !== undefined);
  if (type.toLowerCase() === 'application/json' && (charset === undefined || CHARSET.test(charset))) return;
  throw new EscrowError(
    'unsupported-media-type',
    type === ''
      ? 'The request has a body without a Content-Type header.'
      : 'The body of the request is not application/json in UTF-8.',
  );
}

/** Throws `not-acceptable` if the client accepts no media type of the operation's responses. */
export function assertAcceptable({ responses }: Operation, request: Request): void {
  const types = Object.values(responses).flatMap((body) =>
    body === null ? [] : typeof body === 'string' ? ['application/json'] : [body.type],
  );
  if (types.length === 0 || request.accepts(types) !== false) return;
  throw new EscrowError('not-acceptable', `The Accept header excludes the media type ${types.join(', ')}.`);
}
