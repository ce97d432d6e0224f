// A PostgreSQL server for one test, on a Unix socket.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import type { Test } from 'tap';
import { accounts, asUser } from './accounts.ts';
import { until } from './sandbox.ts';
import { skipUnlessRequired } from './skip-unless-required.ts';

const DEBIAN = '/usr/lib/postgresql';

/** `bigint` as a number: positions and counts stay below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (id, format): ((value: string) => unknown) =>
    id === pg.types.builtins.INT8 && format !== 'binary'
      ? Number
      : (pg.types.getTypeParser(id, 'text') as (value: string) => unknown),
};

/** A running server: how to connect to it, its data directory, and the user that it runs as. */
export interface RunningPostgres extends pg.PoolConfig {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Starts a server, which refuses root, as another user. `port` opens a TCP listener on loopback too. `isDurable`: commits survive a
 * power failure, as measurements need it. Skips the test without PostgreSQL or root.
 */
export async function startPostgres(
  t: Test,
  port?: number,
  isDurable = false,
): Promise<RunningPostgres | undefined> {
  const [directory] = postgresPrograms();
  if (directory === undefined) {
    skipUnlessRequired(t, 'PostgreSQL is not installed');
    return undefined;
  }
  const [account] = accounts(t, 1) ?? [];
  if (account === undefined) return undefined;
  const data = join(account.home, 'data');
  const [command, args] = asUser(account, [
    join(directory, 'initdb'),
    '-D',
    data,
    '-U',
    'escrow',
    ...['--no-sync', '--encoding', 'UTF8', '--locale', 'C'],
  ]);
  const made = spawnSync(command, args, { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const at = { host: account.home, port: port ?? 5432, user: 'escrow', database: 'postgres' };
  const settings = [
    `listen_addresses=${port === undefined ? '' : '127.0.0.1'}`,
    `port=${String(at.port)}`,
    `unix_socket_directories=${account.home}`,
    ...(isDurable ? [] : ['fsync=off']),
  ];
  const server = [join(directory, 'postgres'), '-D', data, ...settings.flatMap((one) => ['-c', one])];
  const child = spawn(...asUser(account, server), { stdio: 'ignore' });
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGINT'); // fast shutdown
    await exited;
  });
  await until(
    'PostgreSQL',
    () => existsSync(join(account.home, `.s.PGSQL.${String(at.port)}.lock`)) && canConnect(),
  );
  return { ...at, types, data, uid: account.uid, gid: account.gid };

  async function canConnect(): Promise<boolean> {
    const client = new pg.Client(at);
    try {
      await client.connect();
      return true;
    } catch {
      return false; // it is still starting
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Returns the directories with the programs of a server. Debian does not put them into PATH. */
export function postgresPrograms(): string[] {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  return versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .filter((path) => existsSync(join(path, 'initdb')));
}
