import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import Database from 'libsql';
import { EscrowError } from '../errors.ts';
import { assertPrivateDirectory, assertPrivateFile } from '../host/private-directory.ts';
import { syncDirectory } from '../host/durable.ts';
import { migrations } from './migrations.ts';
import type { Tables } from './tables.ts';

/** The database, and the id that its sealed values are bound to. */
export interface Ledger {
  /** For reading. Writes go through `write`. */
  readonly db: Kysely<Tables>;
  readonly id: string;
  /** Emits `change` after each transaction that was committed; who follows the journal looks then. */
  readonly changes: EventEmitter<{ change: [] }>;
  /** Runs `work` as one transaction: what it writes is there whole, or not at all. */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The ledger or a transaction of it: queries take either. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

/**
 * Opens the ledger, makes it where there is none, and brings it to this version's form.
 *
 * synchronous=EXTRA: an answered write survives a power loss, also in rollback mode. secure_delete: what a row held is
 * overwritten when it goes, although values are sealed. See https://sqlite.org/pragma.html.
 */
export async function openLedger(path: string): Promise<Ledger> {
  assertPrivateDirectory(dirname(path));
  const isNew = !existsSync(path);
  if (isNew) closeSync(openSync(path, 'ax', 0o600)); // SQLite would make it as the umask says
  assertPrivateFile(path);
  const database = connect(path);
  migrate(path, database);
  if (isNew) syncDirectory(dirname(path));
  // libsql speaks better-sqlite3's interface, which is the one Kysely's dialect wants.
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  const { value: id } = await db
    .selectFrom('meta')
    .select('value')
    .where('key', '=', 'ledger')
    .executeTakeFirstOrThrow();
  const changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  const write: Ledger['write'] = async (work) => {
    const result = await db.transaction().execute(work);
    changes.emit('change');
    return result;
  };
  return { db, id, changes, write, close: () => db.destroy() };
}

function connect(path: string): Database.Database {
  try {
    const database = new Database(path, { timeout: 5000 });
    for (const pragma of ['journal_mode=WAL', 'synchronous=EXTRA', 'secure_delete=ON', 'foreign_keys=ON']) {
      database.exec(`PRAGMA ${pragma}`);
    }
    return database;
  } catch (error) {
    throw new EscrowError('ledger-unavailable', `"${path}" cannot be opened as a database.`, {
      cause: error,
    });
  }
}

function migrate(path: string, database: Database.Database): void {
  // IMMEDIATE: the lock is taken before the form is looked at, so two starters cannot both apply a step.
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(
      `CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT`,
    );
    const row = database.prepare('SELECT max(id) AS id FROM migrations').get() as { id: number | null };
    const current = row.id ?? 0;
    if (current > (migrations.at(-1)?.id ?? 0)) {
      throw new EscrowError(
        'ledger-newer',
        `"${path}" has form ${String(current)}; this nf-escrow knows up to ${String(migrations.length)}.`,
      );
    }
    for (const { id, name, statements } of migrations.filter((migration) => migration.id > current)) {
      for (const statement of statements) database.exec(statement);
      database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run([id, name, new Date().toISOString()]);
    }
    database.prepare(`INSERT OR IGNORE INTO meta VALUES ('ledger', ?)`).run([randomUUID()]);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
