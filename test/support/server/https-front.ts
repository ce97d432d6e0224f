// HTTPS in front of the API of a team server on sockets, as a proxy in front of its replicas.
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Test } from 'tap';
import { problemOf } from '../../../daemon/api/problem.ts';
import { EscrowError, systemCode } from '../../../daemon/errors.ts';
import type { StoredServer } from '../../../daemon/api-client/https/stored-servers.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { temporaryDirectory } from '../temporary.ts';
import { Authority } from './authority.ts';

/** What happens to a request. */
type Interference = 'lose the response' | 'refuse' | 'answer that the database is away' | undefined;
/** What a test does when a request arrives: METHOD PATH. */
type Interfere = (path: string) => Interference | Promise<Interference>;

/** A front of one server. */
export class HttpsFront {
  readonly authority: Authority;
  readonly port: number;
  readonly #server: Server;
  /** The sockets of the replicas. A request goes to the next one that accepts connections. */
  sockets: readonly string[];
  #next = 0;
  /** Bytes that clients sent and received, in clear text. */
  traffic = '';
  interfere: Interfere = () => undefined;

  private constructor(authority: Authority, server: Server, port: number, sockets: readonly string[]) {
    this.authority = authority;
    this.sockets = sockets;
    this.#server = server;
    this.port = port;
  }

  static async start(t: Test, ...sockets: readonly string[]): Promise<HttpsFront> {
    const authority = new Authority(temporaryDirectory(t));
    const { certificateFile, keyFile } = authority.issue();
    const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) });
    const front = new HttpsFront(authority, server, await listenOnLoopback(server), sockets);
    server.on('request', (incoming, response) => void front.#forward(incoming, response));
    t.teardown(() => {
      front.close();
    });
    return front;
  }

  async #forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: path = '', headers } = incoming;
    const how = await this.interfere(`${String(method)} ${path}`);
    if (how === 'refuse') {
      response.destroy();
      return;
    }
    if (how === 'answer that the database is away') {
      const problem = { ...problemOf(new EscrowError('ledger-unavailable', 'Cannot use the ledger.')) };
      incoming.resume();
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      return;
    }
    const body = await buffer(incoming).catch(() => undefined);
    if (body === undefined) return; // the client has disconnected
    const forwarded = { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', host: 'localhost' };
    const whole = { path, method, headers: { ...headers, ...forwarded } };
    for (let tries = this.sockets.length; tries > 0; tries -= 1) {
      const socketPath = this.sockets[(this.#next += 1) % this.sockets.length];
      const answer = await send({ ...whole, socketPath }, body);
      if (answer === 'no connection') continue;
      if (answer === 'no answer') break;
      if (how === 'lose the response') {
        answer.resume().on('end', () => response.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (chunk: Buffer) => (this.traffic += chunk.toString('latin1')));
      answer.on('error', () => response.destroy());
      answer.pipe(response);
      return;
    }
    response.destroy();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  stored(name: string, token: string): StoredServer {
    return {
      ...{ name, token, url: `https://localhost:${String(this.port)}` },
      caFile: this.authority.caFile,
    };
  }
}

/** Sends a request to a replica. A replica that is not running has not carried it out: another one can get it. */
function send(
  options: RequestOptions,
  body: Buffer,
): Promise<IncomingMessage | 'no connection' | 'no answer'> {
  return new Promise((resolve) => {
    request(options, resolve)
      .on('error', (error) => {
        const isRefused = ['ECONNREFUSED', 'ENOENT'].includes(systemCode(error) ?? '');
        resolve(isRefused ? 'no connection' : 'no answer');
      })
      .end(body);
  });
}
