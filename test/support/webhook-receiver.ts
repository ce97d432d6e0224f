import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { Test } from 'tap';
import type { WebhookEvent } from '../../daemon/contract/types.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: WebhookEvent;
}

/** A receiver of webhooks. `answers`: the statuses of the next requests, then 204. */
export class Receiver {
  readonly received: Received[] = [];
  readonly answers: number[] = [];
  /** The Location header of the responses. */
  location: string | undefined;
  readonly #server: Server;

  constructor(t: Pick<Test, 'teardown'>) {
    this.#server = createServer((incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => {
        this.received.push({ headers: incoming.headers, body, event: JSON.parse(body) as WebhookEvent });
        if (this.location !== undefined) response.setHeader('location', this.location);
        response.writeHead(this.answers.shift() ?? 204).end();
      });
    });
    t.teardown(() => this.close());
  }

  /** Listens on loopback and returns the URL. */
  async listen(port = 0): Promise<string> {
    const actual = await listenOnLoopback(this.#server, port);
    return `http://127.0.0.1:${String(actual)}/hook?token=in-the-url`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
