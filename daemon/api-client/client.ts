import { lstatSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import type { Problem } from '../contract/types.ts';
import { EscrowError, errorTable, systemCode } from '../errors.ts';
import { openPrivateDirectory } from '../system/files/private-directory.ts';
import { SOCKET } from '../system/files/trust/trust-error.ts';

/** A client of the daemon's API. */
export interface Client {
  /** Sends a request. Returns parsed JSON, text, or undefined for an empty response. Throws the error of a problem document. */
  call<T>(method: Method, path: string, body?: unknown): Promise<T>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const TIMEOUT_MS = 60_000;

/**
 * Returns a client for a socket. Each call opens a connection, and only to a socket that no other user can have created,
 * because the request may contain a secret value.
 */
export function connect(socketPath: string, timeoutMs = TIMEOUT_MS): Client {
  return {
    call: async <T>(method: Method, path: string, body?: unknown): Promise<T> => {
      const { status, text, isText } = await send(
        socketPath,
        timeoutMs,
        method,
        path,
        body === undefined ? undefined : JSON.stringify(body),
      );
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

async function send(
  socketPath: string,
  timeoutMs: number,
  method: string,
  path: string,
  body: string | undefined,
): Promise<{ status: number; text: string; isText: boolean }> {
  // Not imported where that can be helped: Node 22 and later would load all that node:http hands out, WebSocket and fetch too.
  const { request } =
    'getBuiltinModule' in process ? process.getBuiltinModule('node:http') : await import('node:http');
  const socket = connectTrusted(socketPath);
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(
      {
        // No agent, because it would first determine a TLS server name, which takes 10 ms of every command.
        createConnection: () => socket,
        method,
        path,
        headers: { host: 'localhost', ...headers },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', fail);
        incoming.on('end', () => {
          const isText = incoming.headers['content-type']?.startsWith('text/plain') === true;
          resolve({
            status: incoming.statusCode ?? 500,
            text: Buffer.concat(chunks).toString('utf8'),
            isText,
          });
        });
      },
    );
    function fail(error: unknown): void {
      reject(
        new EscrowError(
          'daemon-unavailable',
          `Cannot reach the daemon at "${socketPath}": ${systemCode(error) ?? 'connection lost'}.`,
          { cause: error },
        ),
      );
    }
    outgoing.on('error', fail);
    // Instead of the option `timeout`, which Node ignores without an agent.
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error('timeout')));
    outgoing.end(body);
  });
}

/** Converts a problem document to an error of the table. */
export function errorOf(parsed: unknown): EscrowError {
  const problem = parsed as Partial<Problem> | undefined;
  const code =
    problem?.code !== undefined && Object.hasOwn(errorTable, problem.code) ? problem.code : 'internal';
  const hint = problem?.hint;
  return new EscrowError(
    code,
    problem?.detail ?? 'The response of the daemon is not a problem document.',
    hint === undefined ? {} : { hint },
  );
}
