// Runs a test on each database that a ledger can be in.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import t, { type Test } from 'tap';
import {
  openPostgresLedger,
  type PostgresLedger,
  type PostgresOptions,
} from '../../daemon/ledger/postgres/open.ts';
import { startPostgres } from './postgres.ts';
import { asAdministrator, urlOf } from './postgres-databases.ts';
import { skipUnlessRequired } from './skip-unless-required.ts';
import { testDatabases } from './test-ledger.ts';

/** A throw-away PostgreSQL server for all tests of a file. */
export interface PostgresServer {
  readonly config: pg.PoolConfig;
  /** Creates an empty database and returns its connection string. */
  readonly createDatabase: () => Promise<string>;
}

let server: Promise<PostgresServer | undefined> | undefined;

/** Returns the server of this file, which is stopped after all tests. Undefined without PostgreSQL or root. */
export function postgresServer(): Promise<PostgresServer | undefined> {
  server ??= start();
  return server;
}

async function start(): Promise<PostgresServer | undefined> {
  const config = await startPostgres(t);
  if (config === undefined) return undefined;
  const createDatabase = async (): Promise<string> => {
    const name = `ledger_${randomBytes(6).toString('hex')}`;
    await asAdministrator(config, `CREATE DATABASE ${name}`);
    return urlOf(config, name);
  };
  return { config, createDatabase };
}

/** Opens a ledger in a new database of the test's server, and closes it after the test. Skips the test without PostgreSQL. */
export async function openInPostgres(
  t: Test,
  options: PostgresOptions = {},
): Promise<
  { readonly url: string; readonly ledger: PostgresLedger; readonly server: PostgresServer } | undefined
> {
  const found = await serverFor(t);
  if (found === undefined) return undefined;
  const url = await found.createDatabase();
  const ledger = await openPostgresLedger(url, { connections: 5, ...options });
  t.teardown(() => ledger.close());
  return { url, ledger, server: found };
}

/**
 * Runs a test on SQLite and on PostgreSQL. The test opens its ledgers with `openTestLedger`, also through other modules
 * of test/support. Tests of SQLite's files, of its migrations and of the daemon as a process use `t.test` instead.
 */
export function onEachLedger(title: string, test: (t: Test) => Promise<void>): void {
  void t.test(`${title} (SQLite)`, (t) => testDatabases.run(undefined, () => test(t)));
  void t.test(`${title} (PostgreSQL)`, async (t) => {
    const server = await serverFor(t);
    if (server !== undefined)
      await testDatabases.run({ urls: new Map(), create: server.createDatabase }, () => test(t));
  });
}

/** Returns the server, or skips the test. */
async function serverFor(t: Test): Promise<PostgresServer | undefined> {
  const found = await postgresServer();
  if (found === undefined) skipUnlessRequired(t, 'PostgreSQL is not installed, or the user is not root');
  return found;
}
