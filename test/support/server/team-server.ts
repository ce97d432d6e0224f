import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request, type Agent, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import type { Test } from 'tap';
import { connectServer, type ServerClient } from '../../../daemon/api-client/https/server-client.ts';
import type { Answer } from '../http.ts';
import { Sandbox, until, type Ended, type Started } from '../sandbox.ts';
import { Authority, type Pair } from './authority.ts';

/** A line of the server's log. */
export interface LogLine {
  readonly msg: string;
  readonly reason?: string;
  readonly code?: string;
  readonly address?: string;
}

/** A team server of a test: its own process, on loopback, with a certificate of an authority of the test. */
export class TeamServer {
  readonly box: Sandbox;
  readonly authority: Authority;
  readonly configFile: string;
  readonly pair: Pair;
  port = 0;
  token = '';
  started: Started | undefined;
  #log = '';

  constructor(t: Test, settings: object = {}) {
    this.box = new Sandbox(t);
    const { directory } = this.box;
    this.authority = new Authority(directory);
    this.pair = { certificateFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') };
    this.install(this.authority.issue());
    this.configFile = join(directory, 'server.yaml');
    this.configure(settings);
  }

  /** Writes the configuration. JSON is YAML. */
  configure(settings: object): void {
    const { directory } = this.box;
    const defaults = {
      listen: '127.0.0.1:0',
      publicUrl: 'https://localhost',
      stateDirectory: join(directory, 'server'),
      tls: this.pair,
      drain: { delaySeconds: 0 },
    };
    writeFileSync(this.configFile, JSON.stringify({ ...defaults, ...settings }), { mode: 0o600 });
  }

  /** Replaces certificate and key as tools do that renew them. */
  install({ certificateFile, keyFile }: Pair): void {
    for (const [from, to] of [
      [certificateFile, this.pair.certificateFile],
      [keyFile, this.pair.keyFile],
    ] as const) {
      copyFileSync(from, `${to}.new`);
      renameSync(`${to}.new`, to);
    }
  }

  /** Creates the first administrator, whose token requests then have. */
  async init(): Promise<void> {
    const { status, stdout, stderr } = await this.escrow(['serve', 'init', '--print-token']);
    if (status !== 0) throw new Error(stderr);
    this.token = stdout.trim();
  }

  async escrow(args: readonly string[]): Promise<Ended> {
    return this.box.escrow([...args, '--config', this.configFile]);
  }

  /** Starts the process and waits until it serves requests. Throws if it exits. */
  async start(): Promise<void> {
    this.launch();
    await this.logged('server started');
    const address = this.lines.find(({ msg }) => msg === 'listening')?.address ?? '';
    this.port = Number(/:(\d+)$/.exec(address)?.[1] ?? 0);
  }

  launch(): Started {
    this.#log = '';
    this.started = this.box.start(['serve', '--config', this.configFile]);
    this.started.child.stdout?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    return this.started;
  }

  kill(signal: NodeJS.Signals): void {
    this.started?.child.kill(signal);
  }

  /** Waits until the log has a line. */
  async logged(msg: string): Promise<LogLine> {
    return until(`the log has "${msg}"`, async () => {
      const child = this.started?.child;
      const found = this.lines.find((line) => line.msg === msg);
      if (found === undefined && child?.exitCode !== null && child?.exitCode !== undefined)
        throw new Error(`the server exited: ${(await this.started?.ended)?.stderr ?? ''}`);
      return found;
    });
  }

  get lines(): LogLine[] {
    return this.#log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as LogLine];
        } catch {
          return []; // not written to its end yet
        }
      });
  }

  /** Sends a request with Node's client. */
  request(
    path: string,
    headers: Record<string, string> = {},
    options: RequestOptions & { readonly agent?: Agent | false; readonly body?: string } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          ...{ host: '127.0.0.1', port: this.port, servername: 'localhost', path, agent: false },
          ca: readFileSync(this.authority.caFile),
          ...options,
          headers: { host: 'localhost', ...headers },
        },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          incoming.on('error', reject).on('end', () => {
            const { statusCode: status = 0, headers: received } = incoming;
            resolve({ status, headers: received, type: received['content-type'] ?? '', text });
          });
        },
      );
      outgoing.on('error', reject).end(options.body);
    });
  }

  get bearer(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }

  /** Returns nf-escrow's own client. */
  client(
    t: Test,
    options: { url?: string; caFile?: string | undefined; timeoutMs?: number } = {},
  ): ServerClient {
    const { url = `https://localhost:${String(this.port)}`, caFile = this.authority.caFile } = options;
    const target = { url: new URL(url), token: this.token, caFile };
    const client = connectServer({
      ...target,
      ...('timeoutMs' in options ? { timeoutMs: options.timeoutMs } : {}),
    });
    t.teardown(() => {
      client.close();
    });
    return client;
  }

  /** Creates a directory in the sandbox and returns its path. */
  directory(name: string): string {
    const path = join(this.box.directory, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }
}
