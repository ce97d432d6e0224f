import { lstatSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import type { Problem } from '../contract/types.ts';
import { EscrowError, errorTable, systemCode, type ErrorCode } from '../errors.ts';
import { openPrivateDirectory } from '../system/files/private-directory.ts';
import { describeSystemError } from '../system/files/path-error.ts';
import { SOCKET } from '../system/files/trust/trust-error.ts';
import { exchange, formatRequest, type HttpRequest } from './http-exchange.ts';
import type { HttpResponse } from './http-response.ts';

/** A client of the daemon's API. */
export interface Client {
  /** Sends a request. Returns parsed JSON, text, or undefined for an empty response. Throws the error of a problem document. */
  call<T>(method: Method, path: string, body?: unknown, headers?: RequestHeaders): Promise<T>;
}

/** Headers that change what an operation does. None of them contains a secret value. */
export type RequestHeaders = Readonly<Partial<Record<RequestHeader, string>>>;
export const REQUEST_HEADERS = ['if-match', 'if-none-match', 'idempotency-key'] as const;
type RequestHeader = (typeof REQUEST_HEADERS)[number];

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const TIMEOUT_MS = 60_000;
/**
 * How long a connection is kept for the next request. Far below the 5 s after which Node's server closes an idle connection:
 * a request that is sent at that moment would be lost.
 */
const IDLE_MS = 500;

/**
 * Returns a client for a socket. It connects only to a socket that no other user can have created, because a request may
 * contain a secret value. Successive calls share a connection.
 */
export function connect(socketPath: string, timeoutMs = TIMEOUT_MS): Client {
  const connection = new Connection(socketPath, timeoutMs);
  return {
    call: async <T>(
      method: Method,
      path: string,
      body?: unknown,
      headers: RequestHeaders = {},
    ): Promise<T> => {
      const {
        status,
        contentType,
        body: bytes,
      } = await connection.send({
        method,
        path,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = bytes.toString('utf8');
      const isText = contentType.startsWith('text/plain');
      const parsed: unknown = text === '' ? undefined : isText ? text : JSON.parse(text);
      if (status >= 400) throw errorOf(parsed);
      return parsed as T;
    },
  };
}

/**
 * Connects to the daemon's socket through its verified directory. The kernel resolves the name during `connect`, which is
 * before this function closes the directory. Throws `path-conflict`, `permissions-too-open`.
 */
export function connectTrusted(socketPath: string): Socket {
  const directory = openPrivateDirectory(dirname(socketPath), { purpose: SOCKET });
  try {
    const entry = directory.at(basename(socketPath));
    // The target of a link has not been verified, so no secret value may be sent to it.
    if (lstatSync(entry, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new EscrowError(
        'path-conflict',
        `Cannot connect to "${socketPath}": it is a symbolic link, not a socket.`,
      );
    return connectSocket(entry);
  } finally {
    directory.close();
  }
}

/** Bytes that belong to no request. */
function drop(this: Socket): void {
  this.destroy();
}

/** Connections to one socket. At most one idle connection is kept. It does not keep the process alive. */
class Connection {
  readonly #path: string;
  readonly #timeoutMs: number;
  #idle: { readonly socket: Socket; readonly since: number } | undefined;

  constructor(path: string, timeoutMs: number) {
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  /** Throws `daemon-unavailable`, `path-conflict`, `permissions-too-open`. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const text = formatRequest(request);
    const socket = this.#takeIdle() ?? connectTrusted(this.#path);
    try {
      const response = await exchange(socket, text, this.#timeoutMs);
      if (response.keepsAlive) this.#keep(socket);
      return response;
    } catch (error) {
      if (error instanceof EscrowError) throw error;
      throw new EscrowError(
        'daemon-unavailable',
        `Cannot reach the daemon at "${this.#path}": ${systemCode(error) === undefined ? 'the connection was lost' : describeSystemError(error)}.`,
        { cause: error },
      );
    }
  }

  #keep(socket: Socket): void {
    this.#idle?.socket.destroy();
    this.#idle = { socket: socket.unref().once('data', drop), since: performance.now() };
  }

  #takeIdle(): Socket | undefined {
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle === undefined) return undefined;
    const { socket, since } = idle;
    if (performance.now() - since < IDLE_MS && socket.readyState === 'open')
      return socket.off('data', drop).ref();
    socket.destroy();
    return undefined;
  }
}

/** More than a text of a problem document ever has. A server of a team may send anything, and a terminal shows it. */
const TEXT_MAX = 4000;

/** Converts a problem document to an error of the table. */
export function errorOf(parsed: unknown): EscrowError {
  const problem = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Readonly<
    Record<keyof Problem, unknown>
  >;
  const code = textOf(problem.code);
  const [hint, field] = [textOf(problem.hint), textOf(problem.field)];
  return new EscrowError(
    isErrorCode(code) ? code : 'internal',
    textOf(problem.detail) ?? 'The response is not a problem document.',
    { ...(hint === undefined ? {} : { hint }), ...(field === undefined ? {} : { field }) },
  );
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorTable, code);
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.length <= TEXT_MAX ? value : `${value.slice(0, TEXT_MAX)}…`;
}
