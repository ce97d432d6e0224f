// Serves the journal of a ledger as server-sent events, without the rest of a daemon, and clients of it.
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Test } from 'tap';
import type { Start } from '../../daemon/api/events/event-listener.ts';
import { EventHub, type HubLimits } from '../../daemon/api/events/event-hub.ts';
import { createHttpServer } from '../../daemon/api/listeners/http-server.ts';
import { feedStream, runStream } from '../../daemon/api/events/stream.ts';
import type { JournalEvent } from '../../daemon/contract/types.ts';
import type { Feed } from '../../daemon/ledger/feed.ts';
import { record } from '../../daemon/ledger/journal.ts';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import { openTestLedger } from './test-ledger.ts';
import { temporaryDirectory } from './temporary.ts';

/** A message of a stream. `event` is undefined for one without data. */
export interface Message {
  readonly id: number;
  readonly event: JournalEvent | undefined;
}

/** A server of events. `/` is the stream of all events, and `/RUN` is that of a run. */
export class EventServer {
  readonly ledger: Ledger;
  readonly hub: EventHub;
  readonly socket: string;
  /** Number of times that the hub has read events. */
  reads = 0;
  /** Number of times that the hub has reported that somebody listens. */
  listening = 0;

  private constructor(ledger: Ledger, socket: string, limits: Partial<HubLimits>) {
    this.ledger = ledger;
    this.socket = socket;
    const feed = ledger.feed;
    const counted: Feed = {
      ...feed,
      read: async (after, limit) => {
        this.reads += 1;
        return feed.read(after, limit);
      },
    };
    this.hub = new EventHub(counted, ledger.changes, () => (this.listening += 1), limits);
  }

  static async start(t: Test, limits: Partial<HubLimits> = {}): Promise<EventServer> {
    const directory = temporaryDirectory(t);
    const ledger = await openTestLedger(join(directory, 'ledger.db'));
    const server = new EventServer(ledger, join(directory, 'socket'), limits);
    server.hub.start();
    const http = createHttpServer((incoming, response) => {
      const { ['last-event-id']: id } = incoming.headers;
      const run = incoming.url?.slice(1) ?? '';
      const start: Start = id === undefined ? (run === '' ? 'newest' : { after: 0 }) : { after: Number(id) };
      const stream = run === '' ? feedStream(server.hub.feed) : runStream(ledger.db, run, false);
      response.flushHeaders();
      void server.hub.listen(stream, start, response);
    }).listen(server.socket);
    await once(http, 'listening');
    t.teardown(async () => {
      server.hub.stop();
      http.closeAllConnections();
      http.close();
      await ledger.close();
    });
    return server;
  }

  async addRuns(...ids: string[]): Promise<void> {
    for (const id of ids)
      await this.ledger.write((db) =>
        sql`INSERT INTO runs (id, state, workspace, launch_directory, nextflow, arguments, plan, launcher, launch_deadline,
          created_at) VALUES (${id}, 'running', 'local/main', '/', 'nextflow', '[]', '[]', '{}', '', '2026')`.execute(
          db,
        ),
      );
  }

  /** Commits one event. */
  async commit(run: string | undefined, data: object = {}, type = 'run.examined'): Promise<void> {
    await this.ledger.write((db) => record(db, { type, data, ...(run === undefined ? {} : { run }) }));
  }

  /** `limit`: disconnect after this number of messages. */
  listen(run = '', lastEventId?: number, limit?: number): EventClient {
    return new EventClient(this.socket, `/${run}`, lastEventId, limit);
  }
}

/** A client that collects the messages of one connection. */
export class EventClient {
  readonly messages: Message[] = [];
  comments = 0;
  isClosed = false;
  readonly #request: ReturnType<typeof request>;
  #response: IncomingMessage | undefined;
  #isPaused = false;
  #text = '';
  readonly #limit: number;

  constructor(socketPath: string, path: string, lastEventId: number | undefined, limit = Infinity) {
    this.#limit = limit;
    const headers = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
    this.#request = request({ socketPath, path, headers, agent: false })
      .on('error', () => undefined)
      .on('close', () => (this.isClosed = true))
      .on('response', (response) => {
        this.#response = response;
        response.setEncoding('utf8').on('error', () => undefined);
        response.on('data', (chunk: string) => {
          this.#read(chunk);
        });
        if (this.#isPaused) response.pause();
      })
      .end();
  }

  get ids(): number[] {
    return this.messages.map(({ id }) => id);
  }

  get isConnected(): boolean {
    return this.#response !== undefined;
  }

  /** Stops reading from the connection. */
  pause(): void {
    this.#isPaused = true;
    this.#response?.pause();
  }

  disconnect(): void {
    this.#request.destroy();
  }

  #read(chunk: string): void {
    const parts = (this.#text + chunk).split('\n\n');
    this.#text = parts.pop() ?? '';
    for (const part of parts) {
      if (this.messages.length === this.#limit) {
        this.disconnect();
        return;
      }
      const [, id] = /^id: (\d+)$/m.exec(part) ?? [];
      const [, data] = /^data: (.*)$/m.exec(part) ?? [];
      if (id === undefined) this.comments += 1;
      else
        this.messages.push({
          id: Number(id),
          event: data === undefined ? undefined : (JSON.parse(data) as JournalEvent),
        });
    }
  }
}
