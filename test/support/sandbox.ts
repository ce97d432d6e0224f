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
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { send, type Answer } from './http.ts';
import { skipUnlessRequired } from './skip-unless-required.ts';

/** The directory of the checkout. Compiled tests are in dist/test. */
export const root = resolve(fileURLToPath(import.meta.url), '../../../..');
/** The program, with a daemon that checks each of its responses. */
const main = testProgram('nfe', 'support/checked-main.js');
/** What people start: the launcher, and behind it the bundle. */
export const launcher = join(root, 'bin/nf-escrow');
/** The same, for a Node that the test starts. */
export const startProgram = join(root, 'bin/start.cjs');

/** Returns the path of a program for tests: bundled, or compiled (a path below dist/test) if the bundle is older. */
export function testProgram(name: 'nfe' | 'faults' | 'chaos' | 'deliveries', compiled: string): string {
  const bundled = join(root, `dist/checked/${name}.entry.cjs`);
  const made = statSync(bundled, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isNew = made > statSync(join(root, 'dist/.tsbuildinfo')).mtimeMs;
  return isNew ? bundled : join(root, 'dist/test', compiled);
}

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

export type Environment = Record<string, string>;

/**
 * Returns an environment for child processes without the variables of tap, Node, Nextflow and nf-escrow, and without
 * NODE_EXTRA_CA_CERTS, which costs Node 20 30 ms at each start. It omits LC_*, because Java decodes non-ASCII arguments
 * only in a UTF-8 locale, which LANG sets.
 */
function cleanEnvironment(extra: Environment): Environment {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NODE_OPTIONS|NODE_EXTRA_CA_CERTS|TAP|_TAPJS|NXF_|NF_ESCROW|XDG_|LC_)/.test(name),
  );
  return { ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ''])), ...extra };
}

/**
 * Returns a command line without tap's loader. tap injects it into the environment of every child, which costs 100 ms at
 * each start and adds variables that users do not have. env(1) removes them and executes the program.
 */
export function untapped(command: string, args: readonly string[]): [string, string[]] {
  const names = Object.keys(process.env).filter((name) => /^(NODE_OPTIONS|TAP|_TAPJS)/.test(name));
  return ['/usr/bin/env', [...names.flatMap((name) => ['-u', name]), command, ...args]];
}

/** An isolated environment for one test: home, state and launch directory. Removed afterwards, with its daemon. */
export class Sandbox {
  readonly directory: string;
  readonly launch: string;
  readonly state: string;
  readonly env: Environment;
  /** What starts nf-escrow. Tests of the launcher and of the package replace it. */
  command: readonly [string, ...string[]] = [process.execPath, main];
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
      ...(nextflow === undefined ? { NXF_PLUGINS_DEFAULT: 'false' } : {}), // the fake loads no plugins
    });
    t.teardown(() => this.remove());
  }

  /** Starts nf-escrow in the launch directory. */
  start(
    args: readonly string[],
    options: { input?: string | Buffer; env?: Environment; cwd?: string } = {},
  ): Started {
    const [program, ...first] = this.command;
    return this.startProgram(program, [...first, ...args], options);
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
      detached: true, // the tests' own terminal must not signal the child
    });
    this.#started.push(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined); // a command that fails early does not read its input
    child.stdin.end(options.input ?? '');
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('utf8');
    const ended = new Promise<Ended>((resolveEnded, reject) => {
      child.on('error', reject);
      const end = (status: number | null, signal: NodeJS.Signals | null): void => {
        resolveEnded({ status, signal, stdout: text(out), stderr: text(err) });
      };
      child.on('close', end);
      // A process that the command left may keep its output open, so 'close' may never come. Output that was written
      // before the exit is read in the poll phase between the timer and the immediate.
      child.on('exit', (status, signal) => {
        setTimeout(() => setImmediate(end, status, signal), 20);
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

  /** Sends a request to the daemon's API through its socket. */
  http(
    method: string,
    path: string,
    body?: string | object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    // Node sends no length with DELETE, and then the body is not part of the request.
    const type: Record<string, string | number> =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return send({ socketPath: this.socket, method, path, headers: { ...type, ...headers } }, text);
  }

  async daemonPid(): Promise<number | undefined> {
    const status = await this.json<{ running: boolean; process?: { pid: number } }>(['daemon', 'status']);
    return status.process?.pid;
  }

  /** Returns the paths of files in the sandbox that contain these bytes, without those for which `except` is true. */
  filesWith(bytes: Buffer | string, except: (path: string) => boolean = () => false): string[] {
    return walk(this.directory).filter((path) => !except(path) && readIfThere(path).includes(bytes));
  }

  async remove(): Promise<void> {
    if (!existsSync(this.directory)) return;
    await this.escrow(['daemon', 'stop']);
    for (const child of this.#started) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      for (const stream of child.stdio) stream?.destroy(); // a task that outlived its head may keep the other end open
    }
    killAllIn(this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Default limit of `until`. Generous, so that a loaded machine does not reach it; below the time limit of a test file. */
const PATIENCE_MS = 120_000;

/** Waits until `look` returns a value other than undefined and false. Throws after `patienceMs`. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(25);
  }
  throw new Error(`timed out waiting for: ${what}`);
}

/** Returns the path of the real Nextflow. Without one, skips the test (fails it in CI) and returns undefined. */
export function realNextflow(t: Test): string | undefined {
  const path = process.env['NF_ESCROW_TEST_NEXTFLOW'];
  if (path !== undefined) return path;
  skipUnlessRequired(t, 'Nextflow is not installed (NF_ESCROW_TEST_NEXTFLOW is not set)');
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
    return Buffer.alloc(0); // removed since it was listed
  }
}

/** Kills all processes whose working directory is in a directory, for example tasks whose head a test killed. */
export function killAllIn(directory: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      continue; // ended, or another user's
    }
  }
}

/** Removes the directories and processes of killed tests. */
export function removeAbandoned(): void {
  for (const name of readdirSync('/tmp').filter((entry) => entry.startsWith('nfe-'))) {
    try {
      const owner = Number(readFileSync(`/tmp/${name}/owner`, 'utf8'));
      if (owner === 0) continue; // another process is writing it
      if (statSync(`/proc/${String(owner)}`, { throwIfNoEntry: false }) !== undefined) continue;
      killAllIn(`/tmp/${name}`);
      rmSync(`/tmp/${name}`, { recursive: true, force: true });
    } catch {
      continue; // another process creates or removes it
    }
  }
}
