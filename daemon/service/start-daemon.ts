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

type Words = readonly [string, ...string[]];

/** Acquires the lock that lets one of several concurrent commands start the daemon; undefined while another holds it. */
export type TakeStartLock = () => Promise<{ release(): void } | undefined>;

/** What a command needs to start a daemon. */
export interface DaemonStart {
  /** The words that start nf-escrow. */
  readonly command: Words;
  readonly takeStartLock: TakeStartLock;
  /** Set inside a scheduler job, where no daemon may be started: the host on which to start it instead. */
  readonly insteadOn: string | undefined;
}

/** Returns a client of the running daemon on any host; undefined when none answers. */
export async function findDaemon(settings: Settings): Promise<Client | undefined> {
  const here = await findLocalDaemon(settings.paths);
  if (here !== undefined) return here;
  const elsewhere = findRemoteDaemon(settings);
  return elsewhere?.lives === true ? spoolClient(settings.paths, elsewhere.host) : undefined;
}

/**
 * Returns a client when no daemon answers on this host: through the spool when the daemon is on another host, otherwise
 * of a daemon that it starts. Throws `daemon-on-other-host`, `daemon-unavailable`.
 */
export async function connectOrStart(settings: Settings, start: DaemonStart): Promise<Client> {
  const elsewhere = findRemoteDaemon(settings);
  if (elsewhere?.lives === true) return spoolClient(settings.paths, elsewhere.host);
  if (elsewhere !== undefined) throw remoteDaemonUnreachable(elsewhere, start.insteadOn === undefined);
  if (start.insteadOn !== undefined) throw noneInJobs(start.insteadOn);
  return ensureDaemon(settings, start);
}

/** Starts a daemon that takes the lease over from an unresponsive host. Throws `daemon-on-other-host` if that host responds. */
export async function takeOver(settings: Settings, start: DaemonStart): Promise<void> {
  if (start.insteadOn !== undefined) throw noneInJobs(start.insteadOn);
  await ensureDaemon(settings, start, ['--take-over']);
}

function noneInJobs(host: string): EscrowError {
  return new EscrowError('daemon-unavailable', `Cannot start the daemon inside a scheduler job.`, {
    hint: `Start it on ${host}: nf-escrow daemon start`,
  });
}

/** Starts a persistent daemon, which does not exit when idle. Restarts a running daemon that is not persistent. */
export async function startPersistent(settings: Settings, start: DaemonStart): Promise<void> {
  const elsewhere = findRemoteDaemon(settings);
  if (elsewhere?.lives === true)
    throw new EscrowError('daemon-on-other-host', `The daemon runs on ${elsewhere.host}.`, {
      hint: 'All hosts that share the state directory share one daemon. To move it, run "nf-escrow daemon stop", then run this command again.',
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
  { command, takeStartLock }: DaemonStart,
  options: readonly string[] = [],
): Promise<Client> {
  ensurePrivateDirectory(settings.paths.state);
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const lock = await takeStartLock();
    try {
      const found = await findLocalDaemon(settings.paths);
      if (found !== undefined) return found;
      if (lock !== undefined)
        await startAndWait(settings, [...command, 'daemon', 'run', ...options], deadline);
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

/** Returns when the daemon answers, or when it exited because another one holds the lock, which may be shutting down. */
async function startAndWait(settings: Settings, command: Words, deadline: number): Promise<void> {
  const ended = startDaemon(settings, command);
  while (Date.now() < deadline && (await findLocalDaemon(settings.paths)) === undefined) {
    const end = ended();
    if (end?.status === 0) return;
    if (end !== undefined) throw startError(settings, end);
    await sleep(LOOK_EVERY_MS);
  }
}

/** The exit of a daemon during its start: its status and the error that it reported as JSON. */
interface DaemonExit {
  readonly status: number;
  readonly report: string;
}

function startError({ paths }: Settings, { status, report }: DaemonExit): EscrowError {
  try {
    return errorOf(JSON.parse(report));
  } catch {
    // It was killed, or could not report an error.
    return new EscrowError(
      'daemon-unavailable',
      `The daemon exited with status ${String(status)} during its start.`,
      { hint: `See "${paths.daemonLog}".` },
    );
  }
}

/**
 * Starts a daemon that outlives this process, in a new session. It inherits only its log and a pipe on which it reports
 * why it cannot start. Returns a function that returns the daemon's exit, or undefined while it runs. Uses
 * node:child_process, because the command that finds no daemon, usually `run`, would pay for loading execa as well.
 */
function startDaemon({ paths }: Settings, command: Words): () => DaemonExit | undefined {
  const log = openToAppend(paths.daemonLog);
  try {
    // Node's variables could load code into the daemon or open its inspector.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !name.startsWith('NODE_') || name === 'NODE_EXTRA_CA_CERTS',
      ),
    );
    // A core dump would contain values. Only a shell can set the limit; it then executes the daemon.
    const limited = ['-c', 'ulimit -c 0; exec "$@"', 'sh', ...command, '--tell', '3'];
    const child = spawn('/bin/sh', limited, {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      cwd: paths.state,
      env,
    });
    let [report, end]: [string, DaemonExit | undefined] = ['', undefined];
    const pipe = child.stdio[3] as Socket;
    pipe.setEncoding('utf8').on('data', (text: string) => (report += text));
    child.on('error', () => (end = { status: 70, report }));
    child.on('close', (code) => (end = { status: code ?? 70, report })); // after the pipe is closed
    pipe.unref();
    child.unref();
    return () => end;
  } finally {
    closeSync(log);
  }
}
