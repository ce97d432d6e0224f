import { finished } from 'node:stream/promises';
import type { Express, Request, RequestHandler, Response } from 'express';
import { EscrowError, type ErrorCode } from '../../errors.ts';
import { LARGE, LargeBodies } from './large-bodies.ts';
import { textOf } from './shared-bodies.ts';
import { callerOf } from '../listeners/caller.ts';
import type { Served } from '../served.ts';
import { rememberNothing } from '../../ledger/idempotency.ts';
import { step } from '../../system/steps.ts';
import { assertServed, authorizeCall } from './authorize-call.ts';
import { STREAMED, type Call, type Operation, type Reply, type Streamed } from './operation.ts';
import { readPrecondition } from './preconditions.ts';
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

/**
 * Mounts the routes of operations, and answers other methods of their paths with `method-not-allowed`. `prefix` precedes all
 * paths.
 */
export function mount(
  app: Express,
  operations: readonly Operation[],
  served: Served,
  observe: ResponseObserver = () => undefined,
  prefix = '',
): void {
  const large = new LargeBodies();
  for (const one of operations) {
    const path = (prefix + one.path).replaceAll(/\{(\w+)\}/g, ':$1');
    app[one.method](path, begin(one, served, large), bodyParser(one), respond(one, served, observe));
  }
  app.use(refuseMethod(operations, prefix));
}

/** What was found out about authorized requests. */
const authorized = new WeakMap<Request, Pick<Call, 'params' | 'grant'>>();

/**
 * Authorizes a request before its body is read, so that a caller without permission gets no other error and no earlier response, and
 * cannot make the server keep large bodies in memory.
 */
function begin(one: Operation, served: Served, large: LargeBodies): RequestHandler {
  return async (request, response, next) => {
    running.set(request, one);
    assertAcceptable(one, request);
    const { params, grant } = await authorizeCall(one, request, served);
    authorized.set(request, { params, grant });
    if (one.permission === 'pipeline_secrets:read')
      await served.noteNames?.(served.identify(request), workspaceOf(params));
    if ((one.requestMax ?? 0) > LARGE) large.admit(request, response, served.identify(request));
    next();
  };
}

/** Returns the workspace that the path of a request names. */
function workspaceOf({ organization, workspace }: Call['params']): string | undefined {
  return organization === undefined || workspace === undefined ? undefined : `${organization}/${workspace}`;
}

function respond(one: Operation, served: Served, observe: ResponseObserver): RequestHandler {
  return async (request, response) => {
    const { params = {}, grant } = authorized.get(request) ?? {};
    const query = readQuery(one, request);
    const body = readBody(one, request);
    const idempotent = await served.requests.read(one, request, body, () => served.identify(request));
    let signal: AbortSignal | undefined; // few operations wait for anything, and a signal for each request costs time
    const call: Call = {
      params,
      grant,
      get principal() {
        return served.identify(request);
      },
      query,
      body,
      headers: request.headers,
      caller: callerOf(request),
      precondition: readPrecondition(one, request),
      remember: idempotent?.remember ?? rememberNothing,
      get signal() {
        return (signal ??= signalOf(response));
      },
    };
    assertServed(one, request, served);
    const { faults } = served;
    const isChange = one.method !== 'get';
    const first = async (): Promise<Reply | Streamed> =>
      isChange
        ? step(faults, 'request.change', async () => one.handle(served, call, response))
        : one.handle(served, call, response);
    const repeat = async (remembered: unknown): Promise<Reply> => {
      response.set('Idempotency-Replayed', 'true');
      const repeated = (await one.repeat?.(served, call, remembered)) ?? (remembered as object);
      return { status: one.repeatable ?? 200, body: repeated };
    };
    const reply =
      idempotent === undefined ? await first() : await served.requests.run(idempotent, first, repeat);
    if (reply === STREAMED) return;
    if (!isChange) send(one, request, response, reply, observe);
    else
      await step(faults, 'request.answer', async () => {
        send(one, request, response, reply, observe);
        await finished(response).catch(() => undefined); // the client has disconnected
      });
  };
}

function send(
  one: Operation,
  request: Request,
  response: Response,
  { status, body, etag, isShared = false }: Reply,
  observe: ResponseObserver,
): void {
  assertDocumented(request, () => observe(one, { status, body }));
  response.status(status).set({ ...linkTo(request, body) });
  if (etag !== undefined) response.set('ETag', `"${etag}"`);
  const wanted = one.responses[status];
  if (wanted === null || wanted === undefined) response.end();
  else if (typeof wanted === 'object') response.type(wanted.type).send(body);
  else if (isShared && typeof body === 'object') response.type('application/json').send(textOf(body));
  else response.json(body);
}

/** Returns the link to the next page of a list: RFC 8288. */
function linkTo(request: Request, body: unknown): Readonly<Record<string, string>> {
  const { next } = (body ?? {}) as { readonly next?: unknown };
  if (typeof next !== 'string') return {};
  const url = new URL(request.originalUrl, 'http://localhost');
  url.searchParams.delete('offset'); // the cursor replaces it
  url.searchParams.set('cursor', next);
  return { Link: `<${url.pathname}${url.search}>; rel="next"` };
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
  if (response.closed) left.abort();
  response.on('close', () => {
    left.abort(); // the client disconnected, or the response is complete
  });
  return left.signal;
}

/** Throws `method-not-allowed` for a path that has operations, none of them with the method of the request. */
function refuseMethod(operations: readonly Operation[], prefix: string): RequestHandler {
  const patterns = operations.map(
    ({ path, method }) =>
      [
        new RegExp(`^${(prefix + path).replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
        method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
        path.split('{').length,
      ] as const,
  );
  return (request, response, next) => {
    const matching = patterns.filter(([pattern]) => pattern.test(request.path));
    // As in OpenAPI, the most specific path describes the resource: /v1/runs/prune rather than /v1/runs/{run}.
    const fewest = Math.min(...matching.map(([, , parameters]) => parameters));
    const allowed = matching.flatMap(([, methods, parameters]) => (parameters === fewest ? methods : []));
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
