import pg from 'pg';
import { EscrowError } from '../../errors.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { postgresError } from './errors.ts';
import { postgresMigrations } from './migrations.ts';
import { poolConfig, SCHEMA, type PoolLimits } from './pool.ts';

/** The schema version that this nf-escrow reads and writes. */
export const newestPostgresSchema = postgresMigrations.at(-1)?.id ?? 0;

/** Key of the advisory lock, a random number. */
const LOCK = '7205614219382';

/**
 * Migrates the database to the newest schema version, and gives a new ledger its id. All steps run in one transaction. Processes
 * that start at the same time wait for each other. A role that may not create tables can open a migrated database. Throws
 * `ledger-too-new`, `ledger-denied`, `ledger-unavailable`, `config-invalid`.
 */
export async function migratePostgres(settings: ConnectionSettings, limits: PoolLimits): Promise<void> {
  const client = new pg.Client({
    ...poolConfig(settings, limits),
    statement_timeout: false, // a process waits until another has migrated a large database
    query_timeout: undefined,
  });
  client.on('error', () => undefined); // the query in progress reports it
  try {
    await client.connect();
    await assertEncoding(settings, client);
    if ((await versionOf(settings, client)) === newestPostgresSchema) return;
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [LOCK]);
    await apply(client, await versionOf(settings, client));
    await client.query('COMMIT');
  } catch (error) {
    throw postgresError(settings.title, error);
  } finally {
    await client.end().catch(() => undefined); // rolls an open transaction back
  }
}

async function apply(client: pg.Client, version: number): Promise<void> {
  if (version === 0) await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${SCHEMA}.migrations (id bigint PRIMARY KEY, name text NOT NULL, applied_at text NOT NULL)`,
  );
  for (const { id, name, statements } of postgresMigrations.filter((migration) => migration.id > version)) {
    for (const statement of statements) await client.query(withByteOrder(statement));
    const applied = new Date().toISOString();
    await client.query(`INSERT INTO ${SCHEMA}.migrations VALUES ($1, $2, $3)`, [id, name, applied]);
  }
}

/** Compares texts of all columns by bytes, as SQLite does, whatever the collation of the database. */
function withByteOrder(statement: string): string {
  return /^(CREATE|ALTER) TABLE/.test(statement)
    ? statement.replace(/\btext\b/gi, 'text COLLATE "C"')
    : statement;
}

/** Returns the id of the last applied migration; 0 for an empty database. */
async function versionOf(settings: ConnectionSettings, client: pg.Client): Promise<number> {
  // Not to_regclass, which can read an outdated cache: a process that has waited for another would not see its tables.
  const { rows: found } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
       WHERE nspname = $1 AND relname = 'migrations') AS found`,
    [SCHEMA],
  );
  if (found[0]?.found !== true) return 0;
  const { rows } = await client.query<{ id: number | null }>(
    `SELECT max(id) AS id FROM ${SCHEMA}.migrations`,
  );
  const version = rows[0]?.id ?? 0;
  if (version <= newestPostgresSchema) return version;
  throw new EscrowError(
    'ledger-too-new',
    `Cannot open the ledger in the database ${settings.title}: it has schema version ${String(version)}, and this nf-escrow supports up to ${String(newestPostgresSchema)}.`,
    { hint: 'Use the newer nf-escrow that migrated the database.' },
  );
}

/** Names and texts are Unicode. */
async function assertEncoding({ title }: ConnectionSettings, client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding ?? '';
  if (encoding === 'UTF8') return;
  throw new EscrowError(
    'config-invalid',
    `Cannot use the database ${title}: its encoding is ${encoding}, not UTF8.`,
    {
      hint: 'Create a database with `createdb --template template0 --encoding UTF8 NAME`.',
    },
  );
}
