// A TLS proxy in front of replicas, which drops responses of requests that were carried out.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { Test } from 'tap';
import { Authority } from '../../support/server/authority.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import type { Random } from '../fuzz/random.ts';

/** Where a replica listens. */
export interface Upstream {
  readonly port: number;
  readonly caFile: string;
}

/** A request and the response of a replica, before the client gets it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
  readonly text: string;
}

/** What a campaign observes. `before` runs before a request is passed on, and `after` gets its result before the client does. */
export interface Observer {
  before(method: string, path: string): Promise<unknown>;
  after(exchange: Exchange, before: unknown): Promise<void>;
}

/** A replica that does not respond is not asked for this time, like `fail_timeout` of nginx. */
const FAILED_MS = 2000;
const TIMEOUT_MS = 15_000;
/** Responses of these requests are dropped: repeating them must not repeat their effect. */
const DROPPED =
  /^(?:POST \/v1\/(?:releases|deliveries)|PUT \/v1\/releases\/[^/]+\/state|DELETE \/v1\/releases\/[^/]+\/delivery|PUT \/v1\/workspaces\/.*)$/;

interface Target {
  readonly port: number;
  readonly agent: Agent;
  failedUntil: number;
}

interface Passed {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A proxy. The seed of `random` decides which responses are dropped. */
export class DroppingProxy {
  readonly authority: Authority;
  readonly port: number;
  /** Responses that were dropped, requests without a replica that accepts them, and requests whose replica did not respond. */
  readonly counts = { requests: 0, dropped: 0, unavailable: 0, lost: 0 };
  observer: Observer | undefined;
  /** Percentage of the responses that are dropped. */
  dropPercent = 0;
  readonly #server: Server;
  readonly #random: Random;
  #targets: readonly Target[] = [];
  #next = 0;

  private constructor(authority: Authority, server: Server, port: number, random: Random) {
    this.authority = authority;
    this.#server = server;
    this.port = port;
    this.#random = random;
  }

  static async start(t: Test, random: Random): Promise<DroppingProxy> {
    const authority = new Authority(temporaryDirectory(t));
    const { certificateFile, keyFile } = authority.issue();
    const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) });
    const proxy = new DroppingProxy(authority, server, await listenOnLoopback(server), random);
    server.on('request', (incoming, response) => {
      proxy.#serve(incoming, response).catch(() => response.destroy());
    });
    t.teardown(() => {
      server.close();
      server.closeAllConnections();
      for (const { agent } of proxy.#targets) agent.destroy();
    });
    return proxy;
  }

  passTo(upstreams: readonly Upstream[]): void {
    this.#targets = upstreams.map(({ port, caFile }) => ({
      port,
      agent: new Agent({ keepAlive: true, ca: readFileSync(caFile), servername: 'localhost' }),
      failedUntil: 0,
    }));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = incoming;
    this.counts.requests += 1;
    const body = await readAll(incoming);
    const before = await this.observer?.before(method, path);
    const passed = await this.#pass(incoming, body);
    const { status, type, text } = passed;
    await this.observer?.after({ method, path, body: body.toString(), status, text }, before);
    const mayDrop = status < 300 && DROPPED.test(`${method} ${path}`);
    if (mayDrop && this.#random(100) < this.dropPercent) {
      this.counts.dropped += 1;
      response.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
    response.end(text);
  }

  /** Asks the replicas in turn. Only a request that was not sent is passed to another one. */
  async #pass(incoming: IncomingMessage, body: Buffer): Promise<Passed> {
    const first = (this.#next += 1);
    const order = this.#targets.map((_, index, all) => all[(first + index) % all.length] as Target);
    const usable = order.filter(({ failedUntil }) => failedUntil <= performance.now());
    for (const target of usable.length > 0 ? usable : order) {
      const passed = await send(target, incoming, body);
      if (typeof passed !== 'string') return passed;
      target.failedUntil = performance.now() + FAILED_MS;
      if (passed === 'refused') continue;
      this.counts.lost += 1;
      return problem(502);
    }
    this.counts.unavailable += 1;
    return problem(503);
  }
}

function problem(status: number): Passed {
  return { status, type: 'text/html', text: '<html>the page of a proxy</html>' };
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `refused`: nothing was sent. `lost`: the request may be carried out, now or later. */
function send(
  { port, agent }: Target,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<Passed | 'refused' | 'lost'> {
  return new Promise((resolve) => {
    const outgoing = request({
      ...{ host: '127.0.0.1', port, agent, method, path: url, timeout: TIMEOUT_MS },
      headers: { ...headers, 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' },
    });
    const timer = setTimeout(() => outgoing.destroy(), TIMEOUT_MS);
    const finish = (result: Passed | 'refused' | 'lost'): void => {
      clearTimeout(timer);
      resolve(result);
    };
    outgoing.on('error', (error) => {
      finish('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'lost');
    });
    outgoing.on('response', (answer) => {
      readAll(answer).then(
        (bytes) => {
          const { statusCode: status = 502, headers: received } = answer;
          finish({ status, type: received['content-type'] ?? 'text/plain', text: bytes.toString() });
        },
        () => {
          finish('lost');
        },
      );
    });
    outgoing.end(body);
  });
}
