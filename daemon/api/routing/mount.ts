import type { Express, Request, RequestHandler, Response } from 'express';
import { EscrowError, type ErrorCode } from '../../errors.ts';
import type { Served } from '../served.ts';
import { STREAMED, type Operation } from './operation.ts';
import { assertAcceptable, bodyParser, readBody, readQuery } from './read-request.ts';

/** The result of an operation: its response, or the code of its problem. */
type Observed = { readonly status: number; readonly body: unknown } | { readonly problem: ErrorCode };

/** Receives the result of each operation. Throwing fails the request. */
export type ResponseObserver = (operation: Operation, observed: Observed) => void;

/** The operation of a request, for the error handler. */
const running = new WeakMap<Request, Operation>();

export function operationOf(request: Request): Operation | undefined {
  return running.get(request);
}

/** Mounts the routes of operations, and answers other methods of their paths with `method-not-allowed`. */
export function mount(
  app: Express,
  operations: readonly Operation[],
  served: Served,
  observe: ResponseObserver = () => undefined,
): void {
  for (const one of operations) {
    const path = one.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app[one.method](path, begin(one), bodyParser(one), respond(one, served, observe));
  }
  app.use(refuseMethod(operations));
}

function begin(one: Operation): RequestHandler {
  return (request, _response, next) => {
    running.set(request, one);
    assertAcceptable(one, request);
    next();
  };
}

function respond(one: Operation, served: Served, observe: ResponseObserver): RequestHandler {
  return async (request, response) => {
    const call = {
      params: request.params as Readonly<Record<string, string>>,
      query: readQuery(one, request),
      body: readBody(one, request),
      headers: request.headers,
      signal: signalOf(response),
    };
    const reply = await one.handle(served, call, response);
    if (reply === STREAMED) return;
    const { status, body, headers = {} } = reply;
    assertDocumented(request, () => observe(one, { status, body }));
    response.status(status).set(headers);
    const wanted = one.responses[status];
    if (wanted === null || wanted === undefined) response.end();
    else if (typeof wanted === 'object') response.type(wanted.type).send(body);
    else response.json(body);
  };
}

/** An error of the observer is not one of the operation's problems. */
function assertDocumented(request: Request, observe: () => void): void {
  try {
    observe();
  } catch (undocumented) {
    running.delete(request);
    throw undocumented;
  }
}

function signalOf(response: Response): AbortSignal {
  const left = new AbortController();
  response.on('close', () => {
    left.abort(); // the client disconnected, or the response is complete
  });
  return left.signal;
}

/** Throws `method-not-allowed` for a path that has operations, none of them with the method of the request. */
function refuseMethod(operations: readonly Operation[]): RequestHandler {
  const patterns = operations.map(
    ({ path, method }) =>
      [
        new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
        method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
      ] as const,
  );
  return (request, response, next) => {
    const allowed = patterns.flatMap(([pattern, methods]) => (pattern.test(request.path) ? methods : []));
    if (allowed.length === 0) {
      next();
      return;
    }
    const methods = [...new Set(allowed)].join(', ');
    response.set('allow', methods);
    throw new EscrowError(
      'method-not-allowed',
      `${request.path} does not support the method ${request.method}.`,
      {
        hint: `Use one of: ${methods}`,
      },
    );
  };
}
