import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { EscrowError, systemCode } from '../../errors.ts';
import { problemOf } from '../problem.ts';

/** Limits of a server, in milliseconds. */
export interface TimeLimits {
  /** For the request line and the headers. */
  readonly headersMs: number;
  /** For the whole request. */
  readonly requestMs: number;
  /** Of a connection on which no byte moves. Event streams send a comment every 15 s. */
  readonly silenceMs: number;
  /** Of a connection between two requests. Proxies keep connections for a minute, and a request on a closing one would fail. */
  readonly idleMs: number;
  /** Interval of the checks. */
  readonly checkMs: number;
}

const LIMITS: TimeLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 300_000,
  idleMs: 5000,
  checkMs: 1000,
};
const HEADERS_MAX = 100;
const HEADER_BYTES_MAX = 16 * 1024;

/**
 * Creates the HTTP server of a listener, with limits for slow and large requests. A request that cannot be parsed is
 * answered with a problem document, and its connection is closed: what follows on it may be the rest of that request.
 * `create` makes a server of another kind, such as HTTPS.
 */
export function createHttpServer(
  app: RequestListener,
  limits: Partial<TimeLimits> = {},
  create: (options: ServerOptions) => Server = createServer,
): Server {
  const { headersMs, requestMs, silenceMs, idleMs, checkMs } = { ...LIMITS, ...limits };
  const server = create({
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: HEADER_BYTES_MAX,
    requireHostHeader: false, // the API answers such a request itself, with a problem document
  });
  server.maxHeadersCount = HEADERS_MAX;
  server.setTimeout(silenceMs);
  const pending = new WeakMap<Duplex, Exchange>();
  const queues = new WeakMap<Duplex, Set<ServerResponse>>();
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    pending.set(socket, { request, response });
    const queue = queues.get(socket) ?? closeQueued(socket);
    queues.set(socket, queue.add(response));
    response.on('close', () => {
      queue.delete(response);
      if (pending.get(socket)?.response === response) pending.delete(socket);
    });
    app(request, response);
  };
  server
    .on('request', serve)
    // Node would answer with an empty body. RFC 9110, section 10.1.1, allows to ignore an unknown expectation.
    .on('checkExpectation', serve)
    .on('connect', (_request: IncomingMessage, socket: Duplex) => {
      answer(socket, new EscrowError('method-not-allowed', 'The method CONNECT is not supported.'));
    })
    .on('clientError', (error: Error, socket: Duplex) => {
      refuse(error, socket, pending.get(socket));
    });
  return server;
}

/**
 * Returns a set of the responses of a connection, and closes those that are queued when the connection closes. Node sends
 * the responses of pipelined requests one after another, and emits `close` only for the one that it is sending. Without the
 * event, what belongs to the others would never be released.
 */
function closeQueued(socket: Duplex): Set<ServerResponse> {
  const queue = new Set<ServerResponse>();
  socket.on('close', () => {
    for (const response of [...queue].filter((one) => one.socket === null)) response.destroy().emit('close');
  });
  return queue;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function refuse(error: Error, socket: Duplex, exchange: Exchange | undefined): void {
  if (socket.destroyed || !socket.writable || systemCode(error) === 'ECONNRESET') socket.destroy();
  // The error is of a later request on the connection, and an answer now would be taken for that of the current one.
  else if (exchange?.request.complete === true) exchange.response.on('close', () => socket.destroy());
  else if (exchange?.response.headersSent === true) socket.destroy();
  else answer(socket, describe(systemCode(error)));
}

/** Converts an error of Node's parser. Its message could quote the request. https://nodejs.org/api/errors.html */
function describe(code: string | undefined): EscrowError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new EscrowError('request-timeout', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new EscrowError('headers-too-large', 'The headers of the request are too large.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new EscrowError('payload-too-large', 'The chunk extensions of the request are too large.');
    default:
      return new EscrowError('request-invalid', 'The request is not valid HTTP/1.1.', {
        hint: 'Send the request with an HTTP client.',
      });
  }
}

function answer(socket: Duplex, error: EscrowError): void {
  const body = JSON.stringify(problemOf(error));
  const head = [
    `HTTP/1.1 ${String(error.row.http)} ${error.row.title}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${String(Buffer.byteLength(body))}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.on('finish', () => socket.destroy()).end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
