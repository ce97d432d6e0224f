import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

/** The checkout. Compiled tests lie in dist/test. */
export const root = resolve(fileURLToPath(import.meta.url), '../../../..');
const main = join(root, 'dist/daemon/main.js');

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export type Environment = Record<string, string>;

/**
 * tap waits for whoever holds its output: children get none of it. Node 20 reads extra certificates at each start, 30 ms
 * that no test needs. Java takes letters beyond ASCII from a command line only where the locale has them.
 */
function cleanEnvironment(extra: Environment): Environment {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_OPTIONS|NODE_EXTRA_CA_CERTS|TAP|_TAPJS|NXF_|NF_ESCROW|XDG_|LC_)/.test(name),
  );
  return { ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ''])), ...extra };
}

/**
 * tap adds its loader to each child that a test starts, whatever environment the child is given: 100 ms a start, and
 * variables that are not a user's. env(1) takes them out again, and becomes the program.
 */
export function untapped(command: string, args: readonly string[]): [string, string[]] {
  const names = Object.keys(process.env).filter((name) => /^(NODE_OPTIONS|TAP|_TAPJS)/.test(name));
  return ['/usr/bin/env', [...names.flatMap((name) => ['-u', name]), command, ...args]];
}

/** A place of its own for one test: home, state, launch directory; gone afterwards, with its daemon. */
export class Sandbox {
  readonly directory: string;
  readonly launch: string;
  readonly state: string;
  readonly env: Environment;
  readonly #started: ChildProcess[] = [];

  constructor(t: Test, nextflow?: string) {
    removeAbandoned();
    this.directory = mkdtempSync('/tmp/nfe-');
    writeFileSync(join(this.directory, 'owner'), String(process.pid));
    this.launch = join(this.directory, 'launch');
    this.state = join(this.directory, 'state');
    mkdirSync(this.launch);
    this.env = cleanEnvironment({
      HOME: this.directory,
      LANG: 'C.UTF-8',
      NF_ESCROW_HOME: this.state,
      NXF_HOME: join(this.directory, 'nxf'),
      NXF_OFFLINE: 'true',
      NXF_ANSI_LOG: 'false',
      NF_ESCROW_NEXTFLOW: nextflow ?? join(root, 'test/support/bin/nextflow'),
      ...(nextflow === undefined ? { NXF_PLUGINS_DEFAULT: 'false' } : {}), // the stand-in knows the store alone
    });
    t.teardown(() => this.remove());
  }

  /** Starts nf-escrow in the launch directory. */
  start(
    args: readonly string[],
    options: { input?: string | Buffer; env?: Environment; cwd?: string } = {},
  ): Started {
    return this.startProgram(process.execPath, [main, ...args], options);
  }

  startProgram(
    command: string,
    args: readonly string[],
    options: { input?: string | Buffer; env?: Environment; cwd?: string } = {},
  ): Started {
    const child = spawn(...untapped(command, args), {
      cwd: options.cwd ?? this.launch,
      env: { ...this.env, ...options.env },
      stdio: 'pipe',
      detached: true, // from the terminal that the tests may have: its Ctrl-C is told from a signal to one process
    });
    this.#started.push(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined); // a command that refuses early does not read its input
    child.stdin.end(options.input ?? '');
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('utf8');
    const ended = new Promise<Ended>((resolveEnded, reject) => {
      child.on('error', reject);
      // 'exit', not 'close': what was started may leave someone behind who holds its output.
      child.on('exit', (status, signal) => {
        setTimeout(() => {
          resolveEnded({ status, signal, stdout: text(out), stderr: text(err) });
        }, 20);
      });
    });
    if (child.pid === undefined) throw new Error(`${command} did not start`);
    return { child, pid: child.pid, ended };
  }

  /** Runs nf-escrow to its end. */
  async escrow(
    args: readonly string[],
    options: { input?: string | Buffer; env?: Environment; cwd?: string } = {},
  ): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** Runs nf-escrow and parses what it prints. */
  async json<T>(args: readonly string[]): Promise<T> {
    const { stdout, stderr, status } = await this.escrow([...args, '--json']);
    if (status !== 0) throw new Error(`nf-escrow ${args.join(' ')}: ${String(status)} ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  get socket(): string {
    return join(this.state, hostname(), 'daemon.sock');
  }

  /** A request to the daemon's API, as anyone with the socket could make it. */
  http(
    method: string,
    path: string,
    body?: string | object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const outgoing = request(
        { socketPath: this.socket, method, path, headers: { ...type, ...headers } },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          incoming.on('error', reject); // a daemon that is killed as it answers
          incoming.on('end', () => {
            resolve({ status: incoming.statusCode ?? 0, type: incoming.headers['content-type'] ?? '', text });
          });
        },
      );
      outgoing.on('error', reject).end(typeof body === 'object' ? JSON.stringify(body) : body);
    });
  }

  async daemonPid(): Promise<number | undefined> {
    const status = await this.json<{ running: boolean; process?: { pid: number } }>(['daemon', 'status']);
    return status.process?.pid;
  }

  /** Files under the sandbox that hold these bytes, as paths; but for those whose path the filter takes out. */
  filesWith(bytes: Buffer | string, except: (path: string) => boolean = () => false): string[] {
    return walk(this.directory).filter((path) => !except(path) && readIfThere(path).includes(bytes));
  }

  async remove(): Promise<void> {
    if (!existsSync(this.directory)) return;
    await this.escrow(['daemon', 'stop']);
    for (const child of this.#started) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      for (const stream of child.stdio) stream?.destroy(); // a task that outlived its head may still hold the other end
    }
    killAllIn(this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Waits until `look` gives something, at most 30 s. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(25);
  }
  throw new Error(`waited in vain: ${what}`);
}

/** The real Nextflow; undefined, and the test skipped aloud, where there is none. In CI its absence is a failure. */
export function realNextflow(t: Test): string | undefined {
  const path = process.env['NF_ESCROW_TEST_NEXTFLOW'];
  if (path !== undefined) return path;
  if (process.env['NF_ESCROW_TEST_REQUIRE'] === '1')
    t.fail('there is no Nextflow, and in CI there has to be one');
  else t.pass('skipped', { skip: 'there is no Nextflow here' });
  return undefined;
}

function walk(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return walk(path);
    return entry.isFile() ? [path] : [];
  });
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0); // gone since it was listed
  }
}

/** Ends whatever still works in a directory: tasks whose head was killed by a test. */
export function killAllIn(directory: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      continue; // ended meanwhile, or not ours
    }
  }
}

/** What a killed test left behind. */
export function removeAbandoned(): void {
  for (const name of readdirSync('/tmp').filter((entry) => entry.startsWith('nfe-'))) {
    try {
      const owner = Number(readFileSync(`/tmp/${name}/owner`, 'utf8'));
      if (statSync(`/proc/${String(owner)}`, { throwIfNoEntry: false }) !== undefined) continue;
      killAllIn(`/tmp/${name}`);
      rmSync(`/tmp/${name}`, { recursive: true, force: true });
    } catch {
      continue; // being made or removed by someone else
    }
  }
}
