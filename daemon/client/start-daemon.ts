import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from '../contract/types.ts';
import type { Settings } from '../config/settings.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { openToAppend } from '../host/own-file.ts';
import { ensurePrivateDirectory } from '../host/private-directory.ts';
import { connect, errorOf, type Client, type Method } from './client.ts';

const START_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** Taken while a daemon is being started, so that of many commands at once one starts it and the others wait. */
export type TakeStartLock = () => Promise<{ release(): void } | undefined>;

/** The daemon's client; undefined when none answers. */
export async function findDaemon({ paths }: Settings): Promise<Client | undefined> {
  const client = connect(paths.socket);
  try {
    await client.call<Health>('GET', '/v1/health');
    return client;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The daemon's client. Where none answers, the first call starts one: nothing was sent then, so it is sent again. */
export function lazyDaemon(settings: Settings, program: string, takeStartLock: TakeStartLock): Client {
  const client = connect(settings.paths.socket);
  return {
    call: async <T>(method: Method, path: string, body?: unknown): Promise<T> => {
      try {
        return await client.call<T>(method, path, body);
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
      await ensureDaemon(settings, program, takeStartLock);
      return client.call<T>(method, path, body);
    },
  };
}

/** Nobody listens: no socket, nobody behind it, or not even its directory. Not: an answer that broke off. */
function isAbsent(error: unknown): boolean {
  if (!(error instanceof EscrowError)) return false;
  return ['ENOENT', 'ECONNREFUSED'].includes(systemCode(error.cause) ?? '');
}

async function ensureDaemon(
  settings: Settings,
  program: string,
  takeStartLock: TakeStartLock,
): Promise<void> {
  ensurePrivateDirectory(settings.paths.state);
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const lock = await takeStartLock();
    try {
      if ((await findDaemon(settings)) !== undefined) return;
      if (lock !== undefined) await startAndWait(settings, program, deadline);
    } finally {
      lock?.release();
    }
    await sleep(LOOK_EVERY_MS);
  }
  throw new EscrowError(
    'daemon-unavailable',
    `The daemon did not answer within ${String(START_MS / 1000)} s of its start.`,
  );
}

/** Returns when the daemon answers, or when it ended because another one has its lock: that one may be on its way out. */
async function startAndWait(settings: Settings, program: string, deadline: number): Promise<void> {
  const ended = startDaemon(settings, program);
  while (Date.now() < deadline && (await findDaemon(settings)) === undefined) {
    const end = ended();
    if (end?.status === 0) return;
    if (end !== undefined) throw whyEnded(settings, end);
    await sleep(LOOK_EVERY_MS);
  }
}

/** A daemon that ended as it started: its status, and what it told of the reason. */
interface End {
  readonly status: number;
  readonly told: string;
}

function whyEnded({ paths }: Settings, { status, told }: End): EscrowError {
  try {
    return errorOf(JSON.parse(told));
  } catch {
    // It was killed, or could not even tell.
    return new EscrowError(
      'daemon-unavailable',
      `The daemon ended with status ${String(status)} as it started.`,
      { hint: `"${paths.daemonLog}" says why.` },
    );
  }
}

/**
 * Starts a daemon that outlives us: a session of its own, nothing inherited but its log and a pipe on which it tells why
 * it cannot start. Returns what tells its end.
 */
function startDaemon({ paths }: Settings, program: string): () => End | undefined {
  const log = openToAppend(paths.daemonLog);
  try {
    // Node's own variables could load code into the daemon, or open its inspector.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !name.startsWith('NODE_') || name === 'NODE_EXTRA_CA_CERTS',
      ),
    );
    // No core dump: it would hold values. Only a shell can set that limit; it becomes the daemon.
    const command = [
      '-c',
      'ulimit -c 0; exec "$@"',
      'sh',
      process.execPath,
      program,
      'daemon',
      'run',
      '--tell',
      '3',
    ];
    const child = spawn('/bin/sh', command, {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      cwd: paths.state,
      env,
    });
    let [told, end]: [string, End | undefined] = ['', undefined];
    const pipe = child.stdio[3] as Socket;
    pipe.setEncoding('utf8').on('data', (text: string) => (told += text));
    child.on('error', () => (end = { status: 70, told }));
    child.on('close', (code) => (end = { status: code ?? 70, told })); // its end, and that of the pipe
    pipe.unref();
    child.unref();
    return () => end;
  } finally {
    closeSync(log);
  }
}
