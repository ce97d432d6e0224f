import type { Problem } from '../../daemon/contract/types.ts';
import { proveServer } from '../access/prove-server.ts';
import { currentSession } from '../access/session.ts';
import { lose } from '../access/start-access.ts';
import { url } from './url.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A failed request. Contains the problem document of the API, or a similar one if the daemon does not answer. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Options of a request. */
export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a request and returns the body of the response. Throws `ApiError`. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

/** Sends a request with the token, after the server has proven that it is the daemon. Throws `ApiError`. */
export async function send(
  method: Method,
  path: string,
  { body, headers = {}, signal }: CallOptions = {},
): Promise<Response> {
  const session = currentSession();
  if (session === undefined) throw unreachable();
  const result = await proveServer(session);
  if (result !== 'proven') {
    lose(result);
    throw unreachable();
  }
  const response = await fetch(url(path), {
    method,
    headers: {
      authorization: `Bearer ${session.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    lose('unreachable');
    throw unreachable();
  });
  if (response.ok) return response;
  if (response.status === 401) lose('unknown-session');
  throw new ApiError(await problemOf(response));
}

/** Converts anything thrown to the problem to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return {
    ...NO_ANSWER,
    code: 'internal',
    title: 'Unexpected error',
    detail: 'The page failed with an unexpected error.',
    hint: 'Reload the page. If the error persists, report it.',
  };
}

const NO_ANSWER: Problem = {
  type: 'urn:nf-escrow:error:daemon-unavailable',
  title: 'Daemon unavailable',
  status: 503,
  code: 'daemon-unavailable',
  detail: 'The daemon does not answer.',
  hint: 'Run `nf-escrow daemon start`.',
  retryable: true,
};

function unreachable(): ApiError {
  return new ApiError(NO_ANSWER);
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const problem = (await response.json()) as Problem;
    if (typeof problem.detail === 'string') return problem;
  } catch {
    // a proxy answered
  }
  return { ...NO_ANSWER, detail: `The request failed with status ${String(response.status)}.` };
}
