import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonStatus } from '../contract/types.ts';
import type { Settings } from '../config/settings.ts';
import { EscrowError } from '../errors.ts';
import { openToAppend } from '../system/files/owned-file.ts';
import { ensurePrivateDirectory } from '../system/files/private-directory.ts';
import { errorOf, type Client } from '../api-client/client.ts';
import { findRemoteDaemon, remoteDaemonUnreachable } from '../api-client/remote-daemon.ts';
import { findLocalDaemon } from '../api-client/find-daemon.ts';
import { spoolClient } from '../api-client/spool-client.ts';
import { stopDaemon } from './stop-daemon.ts';

const START_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** Taken while a daemon is being started, so that of many commands at once one starts it and the others wait. */
export type TakeStartLock = () => Promise<{ release(): void } | undefined>;

/** What a command does where no daemon answers. */
export interface DaemonStart {
  /** The program itself. */
  readonly program: string;
  readonly takeStartLock: TakeStartLock;
  /** Set inside a job of a scheduler, which is no place for a daemon: the host where one could be started. */
  readonly insteadOn: string | undefined;
}

/** The daemon's client, wherever it is; undefined when none answers. */
export async function findDaemon(settings: Settings): Promise<Client | undefined> {
  const here = await findLocalDaemon(settings.paths);
  if (here !== undefined) return here;
  const elsewhere = findRemoteDaemon(settings);
  return elsewhere?.lives === true ? spoolClient(settings.paths, elsewhere.host) : undefined;
}

/**
 * The daemon's client where none answers here: through the spool where it is on another host, else of one that is started.
 * Throws `daemon-on-other-host`, `daemon-unavailable`.
 */
export async function connectOrStart(settings: Settings, start: DaemonStart): Promise<Client> {
  const elsewhere = findRemoteDaemon(settings);
  if (elsewhere?.lives === true) return spoolClient(settings.paths, elsewhere.host);
  if (elsewhere !== undefined) throw remoteDaemonUnreachable(elsewhere, start.insteadOn === undefined);
  if (start.insteadOn !== undefined) throw noneInJobs(start.insteadOn);
  return ensureDaemon(settings, start);
}

/** Takes the daemon's place from a host that shows no sign of life. Throws `daemon-on-other-host` while it does. */
export async function takeOver(settings: Settings, start: DaemonStart): Promise<void> {
  if (start.insteadOn !== undefined) throw noneInJobs(start.insteadOn);
  await ensureDaemon(settings, start, ['--take-over']);
}

function noneInJobs(host: string): EscrowError {
  return new EscrowError('daemon-unavailable', `No daemon runs, and inside a job none is started.`, {
    hint: `Start it on ${host}: nf-escrow daemon start`,
  });
}

/** Starts a daemon that goes on when nobody needs it, or makes of one that would end then one that goes on. */
export async function startPersistent(settings: Settings, start: DaemonStart): Promise<void> {
  const elsewhere = findRemoteDaemon(settings);
  if (elsewhere?.lives === true)
    throw new EscrowError('daemon-on-other-host', `The daemon runs on ${elsewhere.host}.`, {
      hint: 'It is one for all hosts of a state directory. To have it here: nf-escrow daemon stop, then this again.',
    });
  if (elsewhere !== undefined) throw remoteDaemonUnreachable(elsewhere, start.insteadOn === undefined);
  if (start.insteadOn !== undefined) throw noneInJobs(start.insteadOn);
  const running = await findLocalDaemon(settings.paths);
  if (running !== undefined) {
    if ((await running.call<DaemonStatus>('GET', '/v1/daemon')).persistent) return;
    await stopDaemon(running);
  }
  await ensureDaemon(settings, start, ['--stay']);
}

async function ensureDaemon(
  settings: Settings,
  { program, takeStartLock }: DaemonStart,
  options: readonly string[] = [],
): Promise<Client> {
  ensurePrivateDirectory(settings.paths.state);
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const lock = await takeStartLock();
    try {
      const found = await findLocalDaemon(settings.paths);
      if (found !== undefined) return found;
      if (lock !== undefined) await startAndWait(settings, [program, 'daemon', 'run', ...options], deadline);
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
async function startAndWait(settings: Settings, command: readonly string[], deadline: number): Promise<void> {
  const ended = startDaemon(settings, command);
  while (Date.now() < deadline && (await findLocalDaemon(settings.paths)) === undefined) {
    const end = ended();
    if (end?.status === 0) return;
    if (end !== undefined) throw whyEnded(settings, end);
    await sleep(LOOK_EVERY_MS);
  }
}

/** A daemon that ended as it started: its status, and what it told of the reason. */
interface DaemonExit {
  readonly status: number;
  readonly told: string;
}

function whyEnded({ paths }: Settings, { status, told }: DaemonExit): EscrowError {
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
function startDaemon({ paths }: Settings, run: readonly string[]): () => DaemonExit | undefined {
  const log = openToAppend(paths.daemonLog);
  try {
    // Node's own variables could load code into the daemon, or open its inspector.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !name.startsWith('NODE_') || name === 'NODE_EXTRA_CA_CERTS',
      ),
    );
    // No core dump: it would hold values. Only a shell can set that limit; it becomes the daemon.
    const command = ['-c', 'ulimit -c 0; exec "$@"', 'sh', process.execPath, ...run, '--tell', '3'];
    const child = spawn('/bin/sh', command, {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      cwd: paths.state,
      env,
    });
    let [told, end]: [string, DaemonExit | undefined] = ['', undefined];
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
