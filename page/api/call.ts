import type { Problem } from '../../daemon/contract/types.ts';
import { product } from '../product.ts';
import { url } from './url.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A failed request. Contains the problem document of the API, or a similar one if nothing answers. */
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

/** Sends a request with what gives access. Throws `ApiError`. */
export async function send(
  method: Method,
  path: string,
  { body, headers = {}, signal }: CallOptions = {},
): Promise<Response> {
  const { authorize, lose } = product().connection;
  const credential = await authorize(method);
  if (credential === undefined) throw unreachable();
  const response = await fetch(url(path), {
    method,
    headers: {
      ...credential,
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
  const problem = await problemOf(response);
  if (response.status === 401 || problem.code === 'csrf-token-invalid') lose('unknown-session');
  throw new ApiError(problem);
}

/** Converts anything thrown to the problem to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return {
    type: 'urn:nf-escrow:error:internal',
    status: 500,
    retryable: false,
    code: 'internal',
    title: 'Unexpected error',
    detail: 'The page failed with an unexpected error.',
    hint: 'Reload the page. If the error persists, report it.',
  };
}

function unreachable(): ApiError {
  return new ApiError(product().connection.noAnswer);
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const problem = (await response.json()) as Problem;
    if (typeof problem.detail === 'string') return problem;
  } catch {
    // a proxy answered
  }
  const { noAnswer } = product().connection;
  return { ...noAnswer, detail: `The request failed with status ${String(response.status)}.` };
}
