import {
  createServer,
  request,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const HEADER_BYTES_MAX = 1024 * 1024;

/** The daemon behind a gateway. */
export interface Upstream {
  /** Where the daemon listens now, and the headers that requests with the campaign's own token get. */
  readonly current: () => { readonly address: RequestOptions; readonly headers: Record<string, string> };
  /** Starts the daemon again after a request has stopped it. */
  readonly restart: () => Promise<void>;
}

/** An open gateway. */
export interface Gateway {
  readonly url: string;
  /** Responses so far, by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** How often a request stopped the daemon. */
  readonly restarts: () => number;
  readonly close: () => Promise<void>;
}

/** What schemathesis sends as its token. The gateway replaces it by that of the daemon, which changes at each start. */
export const CAMPAIGN_TOKEN = 'campaign-token';

/** How often a request is sent. The limit is per 10 seconds. */
const TRIES_MAX = 5;

/** Time without a frame after which an event stream of a live run counts as received. */
const STREAM_IDLE_MS = 100;

/**
 * Passes requests of schemathesis, which speaks only TCP, to a daemon on a socket or another port. It starts the daemon again after
 * a request has stopped it, and ends event streams, which otherwise have no end.
 */
export async function openGateway(upstream: Upstream): Promise<Gateway> {
  const statuses = new Map<number, number>();
  let restarting: Promise<void> | undefined;
  let restarts = 0;
  const restart = (): Promise<void> => {
    restarting ??= upstream.restart().finally(() => {
      restarts += 1;
      restarting = undefined;
    });
    return restarting;
  };
  // The daemon must answer what exceeds its limits, not the gateway.
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (incoming, outgoing) => {
    void (async () => {
      try {
        const body = await readAll(incoming);
        const send = (): Promise<IncomingMessage> =>
          forward(incoming, body, upstream).catch(async () => {
            await restart();
            return forward(incoming, body, upstream);
          });
        const response = await whenPermitted(send);
        const status = response.statusCode ?? 0;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        passOn(response, outgoing);
      } catch (error) {
        // Not a 5xx: schemathesis reports a connection that breaks as an error of the operation.
        console.error(`${incoming.method ?? ''} ${incoming.url ?? ''}: ${String(error)}`);
        outgoing.destroy();
      }
    })();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    statuses,
    restarts: () => restarts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Repeats a request while the daemon answers 429: it permits few requests without a token, and the checks send many. */
async function whenPermitted(send: () => Promise<IncomingMessage>): Promise<IncomingMessage> {
  for (let tries = 1; ; tries += 1) {
    const response = await send();
    if (response.statusCode !== 429 || tries === TRIES_MAX) return response;
    response.resume();
    await sleep(Number(response.headers['retry-after'] ?? 1) * 1000);
  }
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function forward(incoming: IncomingMessage, body: Buffer, upstream: Upstream): Promise<IncomingMessage> {
  const { address, headers } = upstream.current();
  const own = incoming.headers.authorization === `Bearer ${CAMPAIGN_TOKEN}`;
  const sent = Object.entries(incoming.headersDistinct).filter(
    ([name]) =>
      !/^(connection|host|transfer-encoding|content-length)$/.test(name) &&
      !(own && name === 'authorization'),
  );
  const hasBody = body.length > 0 || incoming.headers['content-length'] !== undefined;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...address,
        agent: false,
        method: incoming.method,
        path: incoming.url,
        headers: {
          ...Object.fromEntries(sent),
          ...(hasBody ? { 'content-length': body.length } : {}),
          ...(own ? headers : {}),
        },
      },
      resolve,
    );
    outgoing.on('error', reject).end(body);
  });
}

function passOn(response: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(response.statusCode ?? 502, withoutConnection(response));
  let idle: NodeJS.Timeout | undefined;
  const isStream = /^text\/event-stream/.test(response.headers['content-type'] ?? '');
  const end = (): void => {
    clearTimeout(idle);
    outgoing.end();
    response.destroy();
  };
  const wait = (): void => {
    clearTimeout(idle);
    if (isStream) idle = setTimeout(end, STREAM_IDLE_MS);
  };
  wait();
  response.on('data', (chunk: Buffer) => {
    outgoing.write(chunk);
    wait();
  });
  response.on('end', end);
  response.on('error', () => {
    if (!outgoing.writableEnded) outgoing.destroy(); // the daemon stopped during the response
  });
}

function withoutConnection({ headersDistinct }: IncomingMessage): Record<string, string[]> {
  const entries = Object.entries(headersDistinct).filter(
    (entry): entry is [string, string[]] =>
      entry[1] !== undefined && !/^(connection|keep-alive|transfer-encoding)$/.test(entry[0]),
  );
  return Object.fromEntries(entries);
}
