import { lstatSync } from 'node:fs';
import { request } from 'node:http';
import { connect as connectSocket, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import type { Problem } from '../contract/types.ts';
import { EscrowError, errorTable, systemCode } from '../errors.ts';
import { openPrivateDirectory } from '../system/files/private-directory.ts';
import { SOCKET } from '../system/files/trust/trust-error.ts';

/** A client of our own API over the daemon's socket. */
export interface Client {
  /** Sends a request and gives the parsed answer; undefined for an empty one, a text for a text. Throws the daemon's own error. */
  call<T>(method: Method, path: string, body?: unknown): Promise<T>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const TIMEOUT_MS = 60_000;

/** Connects at each call, and only to a socket that nobody else can have put there: a value may be in the request. */
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
 * Connects to the daemon's socket by its verified directory. The kernel looks the name up as it is asked to connect, which
 * is before this returns.
 */
export function connectTrusted(socketPath: string): Socket {
  const directory = openPrivateDirectory(dirname(socketPath), { purpose: SOCKET });
  try {
    const entry = directory.at(basename(socketPath));
    // Nobody but the user can put one there, and what it leads to is not ours to send values to.
    if (lstatSync(entry, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new EscrowError('path-conflict', `"${socketPath}" is a link, and no socket of ours.`);
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
  const socket = connectTrusted(socketPath);
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(
      {
        // Without an agent: one would work out a TLS server name first, 10 ms of every command.
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
          `The daemon at "${socketPath}" did not answer: ${systemCode(error) ?? 'broken off'}.`,
          { cause: error },
        ),
      );
    }
    outgoing.on('error', fail);
    // Not the option `timeout`: without an agent Node sets it on no socket, and a daemon that hangs would hang us.
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error('timeout')));
    outgoing.end(body);
  });
}

/** A problem document as the error that it tells of. */
export function errorOf(parsed: unknown): EscrowError {
  const problem = parsed as Partial<Problem> | undefined;
  const code =
    problem?.code !== undefined && Object.hasOwn(errorTable, problem.code) ? problem.code : 'internal';
  const hint = problem?.hint;
  return new EscrowError(
    code,
    problem?.detail ?? 'The daemon answered something else.',
    hint === undefined ? {} : { hint },
  );
}
