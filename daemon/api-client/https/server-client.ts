import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP } from 'node:net';
import { EscrowError } from '../../errors.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { readTrustedFile } from '../../system/files/trust/trusted-file.ts';
import { errorOf, type Client, type Method, type RequestHeaders } from '../client.ts';
import { connectionError } from './describe-connection-error.ts';

/** A team server and how to reach it. */
export interface ServerTarget {
  /** `https:` and a host; a path in it precedes the paths of requests. */
  readonly url: URL;
  /** Absolute path of the certificates that are trusted instead of the system's. */
  readonly caFile?: string | undefined;
  readonly token?: string | undefined;
  /** Limit of a request from its start to the end of the response. */
  readonly timeoutMs?: number;
  /** Limit of all responses together, in bytes. Default: none. */
  readonly totalMax?: number;
}

/** A client with connections that it keeps for further requests. */
export interface ServerClient extends Client {
  close(): void;
}

const TIMEOUT_MS = 60_000;
const CONNECTIONS_MAX = 4;
/** More than a server ever sends. */
const BODY_MAX = 64 * 1024 * 1024;
/** What a response counts at least, so that the number of responses is limited too. */
const COUNTED_MIN = 64 * 1024;
const CA_MAX = 1024 * 1024;
const CA: Purpose = { what: 'CA file', variable: '--ca-file', example: 'ca.crt' };

/**
 * Returns a client of a team server over HTTPS. Certificates are always verified, even if NODE_TLS_REJECT_UNAUTHORIZED is 0,
 * and redirects are not followed: they would send the token to another server. Throws `config-invalid`, `permissions-too-open`.
 */
export function connectServer({
  url,
  caFile,
  token,
  timeoutMs = TIMEOUT_MS,
  totalMax = Infinity,
}: ServerTarget): ServerClient {
  if (url.protocol !== 'https:')
    throw new EscrowError(
      'config-invalid',
      `Cannot use the server ${url.origin}: its address does not start with https://.`,
      {
        hint: 'Use an address that starts with https://.',
      },
    );
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const agent = new Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
    servername: isIP(host) === 0 ? host : '', // RFC 6066 permits no addresses
    ...(caFile === undefined ? {} : { ca: readAuthorities(caFile) }),
  });
  const connection: Connection = { agent, url, host, token, timeoutMs };
  let total = 0;
  return {
    call: async <T>(
      method: Method,
      path: string,
      body?: unknown,
      headers: RequestHeaders = {},
    ): Promise<T> => {
      const sent = { method, path, headers, body: body === undefined ? undefined : JSON.stringify(body) };
      const received = await send(connection, sent);
      total += Math.max(received.text.length, COUNTED_MIN);
      if (total > totalMax) throw unreadable(url.origin, 'it sends too much');
      return parse(url.origin, received) as T;
    },
    close: () => {
      agent.destroy();
    },
  };
}

interface Connection {
  readonly agent: Agent;
  readonly url: URL;
  readonly host: string;
  readonly token: string | undefined;
  readonly timeoutMs: number;
}

interface Sent {
  readonly method: Method;
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly body: string | undefined;
}

interface Received {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Repeats a request that was sent on a connection that the server was closing, if a repetition has no second effect. */
async function send(connection: Connection, sent: Sent): Promise<Received> {
  const first = await attempt(connection, sent);
  if (!(first instanceof Failure)) return first;
  const isSafe = sent.method === 'GET' || sent.headers['idempotency-key'] !== undefined;
  const second = first.isStale && isSafe ? await attempt(connection, sent) : first;
  if (!(second instanceof Failure)) return second;
  throw second.error;
}

/** Why a request has no response. `isStale`: it was sent on a kept connection, which was then lost. */
class Failure {
  readonly error: EscrowError;
  readonly isStale: boolean;

  constructor(error: EscrowError, isStale: boolean) {
    this.error = error;
    this.isStale = isStale;
  }
}

function attempt(
  { agent, url, host, token, timeoutMs }: Connection,
  sent: Sent,
): Promise<Received | Failure> {
  const { method, path, headers, body } = sent;
  return new Promise((resolve) => {
    const outgoing = request({
      ...{ agent, method, host, port: url.port || 443 },
      path: url.pathname.replace(/\/$/, '') + path,
      headers: {
        host: url.host,
        accept: 'application/json, application/problem+json, text/plain',
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const finish = (result: Received | Failure): void => {
      clearTimeout(timer);
      resolve(result);
    };
    let hasResponse = false;
    const fail = (error: Error): void => {
      const isStale = outgoing.reusedSocket && !hasResponse && 'code' in error && error.code === 'ECONNRESET';
      finish(new Failure(asError(url.origin, error), isStale));
    };
    outgoing.on('error', fail);
    // Without a listener, Node closes the connection and reports nothing.
    outgoing.on('upgrade', (_incoming, socket) => {
      socket.destroy();
      fail(unreadable(url.origin, 'it uses another protocol'));
    });
    outgoing.on('response', (incoming) => {
      hasResponse = true;
      readBody(incoming, url.origin).then(finish, (error: unknown) => {
        outgoing.destroy();
        fail(error as Error);
      });
    });
    outgoing.end(body);
  });
}

function asError(origin: string, error: unknown): EscrowError {
  return error instanceof EscrowError ? error : connectionError(origin, error);
}

async function readBody(incoming: IncomingMessage, origin: string): Promise<Received> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_MAX) throw unreadable(origin, 'it is too long');
    chunks.push(chunk);
  }
  const { statusCode: status = 0, headers } = incoming;
  const text = Buffer.concat(chunks).toString('utf8');
  return { status, contentType: headers['content-type'] ?? '', text };
}

/** Returns the content of a response. Throws the error of a problem document, and `server-unreachable` for anything else. */
function parse(origin: string, { status, contentType, text }: Received): unknown {
  if (status >= 300 && status < 400)
    throw new EscrowError(
      'server-unreachable',
      `Cannot use the server at ${origin}: it redirects to another address (status ${String(status)}).`,
      { hint: 'Use the address of the server itself.' },
    );
  const isJson = /^application\/(?:problem\+)?json(?:;|$)/.test(contentType);
  if (status >= 400 && !contentType.startsWith('application/problem+json'))
    throw unreadable(origin, `it has status ${String(status)} and is not a problem document`);
  if (text === '') return undefined;
  if (!isJson && contentType.startsWith('text/plain')) return text;
  const parsed = isJson ? parseJson(origin, text) : undefined;
  if (parsed === undefined) throw unreadable(origin, 'it is not JSON');
  if (status >= 400) throw errorOf(parsed);
  return parsed;
}

function parseJson(origin: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unreadable(origin, 'it is not valid JSON'); // the parser's message would quote the response
  }
}

function unreadable(origin: string, why: string): EscrowError {
  return new EscrowError(
    'server-unreachable',
    `Cannot read the response of the server at ${origin}: ${why}.`,
    {
      hint: 'Check the address of the server. A proxy may have sent the response.',
    },
  );
}

function readAuthorities(path: string): Buffer {
  const bytes = readTrustedFile(path, CA, CA_MAX);
  const hint = 'Sign in with --ca-file FILE, where FILE contains certificates in PEM format.';
  if (bytes === undefined)
    throw new EscrowError('config-invalid', `Cannot read the CA file "${path}": it does not exist.`, {
      hint,
    });
  try {
    new X509Certificate(bytes);
  } catch (error) {
    throw new EscrowError('config-invalid', `Cannot use the CA file "${path}": it contains no certificate.`, {
      hint,
      cause: error,
    });
  }
  return bytes;
}
