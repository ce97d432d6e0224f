// Several PostgreSQL servers for one test: a primary and its streaming standby, which can be killed, restarted and promoted.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import type { Test } from 'tap';
import { accounts, asUser, type Account } from './accounts.ts';
import { postgresPrograms } from './postgres.ts';
import { until } from './sandbox.ts';
import { skipUnlessRequired } from './skip-unless-required.ts';

/** One server. Its port is a part of the name of its socket. */
export class PostgresNode {
  readonly host: string;
  readonly port: number;
  readonly #account: Account;
  readonly #programs: string;
  readonly #data: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  constructor(account: Account, programs: string, port: number, settings: readonly string[]) {
    this.#account = account;
    this.#programs = programs;
    this.host = account.home;
    this.port = port;
    this.#data = join(account.home, `data${String(port)}`);
    this.#settings = settings;
  }

  get socket(): string {
    return join(this.host, `.s.PGSQL.${String(this.port)}`);
  }

  initialize(): void {
    const locale = ['--encoding', 'UTF8', '--locale', 'C'];
    this.#run('initdb', ['-D', this.#data, '-U', 'escrow', '--no-sync', ...locale]);
  }

  /** Makes this server a streaming standby of a running one. */
  copy(primary: PostgresNode): void {
    const from = ['-h', primary.host, '-p', String(primary.port), '-U', 'escrow'];
    this.#run('pg_basebackup', ['-D', this.#data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync', ...from]);
  }

  async start(): Promise<void> {
    const settings = [
      ...['listen_addresses=', `port=${String(this.port)}`, `unix_socket_directories=${this.host}`],
      ...['fsync=off', ...this.#settings],
    ];
    const server = [join(this.#programs, 'postgres'), '-D', this.#data];
    rmSync(`${this.socket}.lock`, { force: true }); // of a killed server, whose process id may be in use again
    const command = asUser(this.#account, [...server, ...settings.flatMap((one) => ['-c', one])]);
    await until('PostgreSQL', () => {
      // It refuses to start while a process of a killed server is alive.
      const { exitCode = 0, signalCode = null } = this.#child ?? {};
      if (exitCode !== null || signalCode !== null) this.#child = spawn(...command, { stdio: 'ignore' });
      return this.#answers();
    });
  }

  /** Gives a directory to the account of the server. */
  own(path: string): void {
    chownSync(path, this.#account.uid, this.#account.gid);
  }

  /** Stops the server: SIGINT closes connections, SIGQUIT also needs a recovery, SIGKILL is a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** Executes a statement as the superuser. */
  async query<Row extends pg.QueryResultRow>(statement: string, database = 'postgres'): Promise<Row[]> {
    const client = await this.connect(database);
    try {
      return (await client.query<Row>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  async connect(database = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({ host: this.host, port: this.port, user: 'escrow', database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async promote(): Promise<void> {
    await this.query('SELECT pg_promote()');
  }

  async #answers(): Promise<boolean> {
    if (!existsSync(this.socket)) return false;
    try {
      await this.query('SELECT 1');
      return true;
    } catch {
      return false; // it is still starting
    }
  }

  #run(program: string, args: readonly string[]): void {
    const [command, all] = asUser(this.#account, [join(this.#programs, program), ...args]);
    const { status, stderr } = spawnSync(command, all, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  }
}

/** Starts a server, and returns a function that creates others. Skips the test without PostgreSQL or root. */
export async function startPrimary(
  t: Test,
  settings: readonly string[] = [],
): Promise<{ readonly primary: PostgresNode; readonly another: () => PostgresNode } | undefined> {
  const [programs] = postgresPrograms();
  if (programs === undefined) {
    skipUnlessRequired(t, 'PostgreSQL is not installed');
    return undefined;
  }
  const [account] = accounts(t, 1) ?? [];
  if (account === undefined) return undefined;
  const nodes: PostgresNode[] = [];
  t.teardown(async () => {
    for (const node of nodes) await node.stop('SIGQUIT');
  });
  const another = (): PostgresNode => {
    const node = new PostgresNode(account, programs, 5432 + nodes.length, settings);
    nodes.push(node);
    return node;
  };
  const primary = another();
  primary.initialize();
  await primary.start();
  return { primary, another };
}

/** A socket that leads to the present primary, as an address does that a failover moves. */
export class MovableAddress {
  readonly directory: string;
  #target: PostgresNode;
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, target: PostgresNode) {
    this.directory = directory;
    this.#target = target;
  }

  static async open(t: Test, directory: string, target: PostgresNode): Promise<MovableAddress> {
    mkdirSync(directory, { recursive: true });
    const address = new MovableAddress(directory, target);
    const server = createServer((incoming) => {
      const outgoing = connect(address.#target.socket);
      for (const [one, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        address.#sockets.add(one);
        one
          .on('error', () => undefined)
          .on('close', () => {
            address.#sockets.delete(one);
            other.destroy();
          });
        one.pipe(other);
      }
    });
    server.listen(join(directory, '.s.PGSQL.5432'));
    await once(server, 'listening');
    t.teardown(() => {
      server.close();
      address.move(target);
    });
    return address;
  }

  /** Closes all connections. New ones lead to this server. */
  move(target: PostgresNode): void {
    this.#target = target;
    for (const socket of this.#sockets) socket.destroy();
  }

  url(database: string): string {
    return `postgres://escrow@/${database}?host=${this.directory}`;
  }
}
