// HTTPS in front of the API of a team server on a socket, as a proxy in front of it.
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Test } from 'tap';
import type { StoredServer } from '../../../daemon/api-client/https/stored-servers.ts';
import { listenOnLoopback } from '../listen-on-loopback.ts';
import { temporaryDirectory } from '../temporary.ts';
import { Authority } from './authority.ts';

/** What happens to a request. */
type Interference = 'lose the response' | 'refuse' | undefined;
/** What a test does when a request arrives: METHOD PATH. */
type Interfere = (path: string) => Interference | Promise<Interference>;

/** A front of one server. */
export class HttpsFront {
  readonly authority: Authority;
  readonly port: number;
  readonly #server: Server;
  /** Bytes that clients sent and received, in clear text. */
  traffic = '';
  interfere: Interfere = () => undefined;

  private constructor(authority: Authority, server: Server, port: number) {
    this.authority = authority;
    this.#server = server;
    this.port = port;
  }

  static async start(t: Test, socketPath: string): Promise<HttpsFront> {
    const authority = new Authority(temporaryDirectory(t));
    const { certificateFile, keyFile } = authority.issue();
    const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) });
    const front = new HttpsFront(authority, server, await listenOnLoopback(server));
    server.on('request', (incoming, response) => void front.#forward(socketPath, incoming, response));
    t.teardown(() => {
      front.close();
    });
    return front;
  }

  async #forward(socketPath: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: path = '', headers } = incoming;
    const how = await this.interfere(`${String(method)} ${path}`);
    if (how === 'refuse') {
      response.destroy();
      return;
    }
    const outgoing = request(
      { socketPath, path, method, headers: { ...headers, host: 'localhost' } },
      (answer) => {
        if (how === 'lose the response') {
          answer.resume().on('end', () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.on('data', (chunk: Buffer) => (this.traffic += chunk.toString('latin1')));
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
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
