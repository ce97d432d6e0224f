// Databases of a PostgreSQL server of a test.
import pg from 'pg';

/**
 * Opens connections to a PostgreSQL server of a test. The end of a pool does not wait until the server has closed its
 * connections, and the server may shut down before: without a listener that error would end the process.
 */
export function openPool(config: pg.PoolConfig): pg.Pool {
  return new pg.Pool(config).on('error', () => undefined);
}

/** Executes statements as the superuser, in a database. */
export async function asAdministrator(
  config: pg.PoolConfig,
  statements: string,
  database = 'postgres',
): Promise<pg.QueryResult> {
  const client = new pg.Client({ ...config, database });
  await client.connect();
  try {
    return await client.query(statements);
  } finally {
    await client.end();
  }
}

/** Returns the connection string of a database. */
export function urlOf({ host, user }: pg.PoolConfig, database: string, role = user): string {
  return `postgres://${String(role)}@/${database}?host=${String(host)}`;
}

/** Returns the name of the database in a connection string of `urlOf`. */
export function databaseOf(url: string): string {
  return /@\/(\w+)/.exec(url)?.[1] ?? '';
}
