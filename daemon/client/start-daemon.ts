import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from '../contract/types.ts';
import type { Settings } from '../config/settings.ts';
import { EscrowError } from '../errors.ts';
import { ensurePrivateDirectory } from '../host/private-directory.ts';
import { connect, type Client } from './client.ts';

const START_MS = 15_000;

/** The daemon's client; undefined when none answers. */
export async function findDaemon({ paths }: Settings): Promise<Client | undefined> {
  const client = connect(paths.socket);
  try {
    await client.call<Health>('GET', '/v1/health');
    return client;
  } catch (error) {
    if (error instanceof EscrowError && ['daemon-unavailable', 'path-occupied'].includes(error.code))
      return undefined;
    throw error;
  }
}

/**
 * The daemon's client, starting the daemon where none answers. Many commands may do so at once: all but one of the
 * daemons find the lock taken and end.
 */
export async function ensureDaemon(settings: Settings, program: string): Promise<Client> {
  const running = await findDaemon(settings);
  if (running !== undefined) return running;
  ensurePrivateDirectory(settings.paths.state);
  const deadline = Date.now() + START_MS;
  let ended = startDaemon(settings, program);
  while (Date.now() < deadline) {
    await sleep(15);
    const client = await findDaemon(settings);
    if (client !== undefined) return client;
    const status = ended();
    if (status === undefined) continue;
    if (status !== 0)
      throw new EscrowError(
        'daemon-unavailable',
        `The daemon ended with status ${String(status)} as it started.`,
        { hint: `"${settings.paths.daemonLog}" says why.` },
      );
    // Status 0: another one has the lock. Should that one be on its way out, start again.
    await sleep(100);
    ended = startDaemon(settings, program);
  }
  throw new EscrowError(
    'daemon-unavailable',
    `The daemon did not answer within ${String(START_MS / 1000)} s of its start.`,
  );
}

/** Starts a daemon that outlives us: a session of its own, nothing inherited. Returns what tells its end. */
function startDaemon({ paths }: Settings, program: string): () => number | undefined {
  const log = openSync(
    paths.daemonLog,
    constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    // Node's own variables could load code into the daemon, or open its inspector.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !name.startsWith('NODE_') || name === 'NODE_EXTRA_CA_CERTS',
      ),
    );
    // No core dump: it would hold values. Only a shell can set that limit; it becomes the daemon.
    const command = ['-c', 'ulimit -c 0; exec "$@"', 'sh', process.execPath, program, 'daemon', 'run'];
    const child = spawn('/bin/sh', command, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: paths.state,
      env,
    });
    let status: number | undefined;
    child.on('error', () => (status = 70));
    child.on('exit', (code) => (status = code ?? 70));
    child.unref();
    return () => status;
  } finally {
    closeSync(log);
  }
}
