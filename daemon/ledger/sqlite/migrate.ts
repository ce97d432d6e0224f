import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type Database from 'libsql';
import { EscrowError } from '../../errors.ts';
import { backUp, backupPath } from './backup.ts';
import { migrations } from './migrations.ts';

/** The schema version that this nf-escrow reads and writes. */
export const newestSqliteSchema = migrations.at(-1)?.id ?? 0;

/**
 * Migrates a ledger to the newest schema version, and gives a new ledger its id. All steps run in one transaction, so a
 * ledger never has a schema in between. Throws `ledger-too-new`.
 */
export function migrate(path: string, database: Database.Database): void {
  const version = schemaVersionOf(database);
  if (version > newestSqliteSchema) throw tooNew(path, version);
  // IMMEDIATE locks before the version is read again, so that two starting processes cannot both back up or migrate.
  database.exec('BEGIN IMMEDIATE');
  try {
    const locked = schemaVersionOf(database);
    if (locked > 0 && locked < newestSqliteSchema) backUp(path, locked);
    database.exec(
      `CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT`,
    );
    for (const { id, name, statements } of migrations.filter((migration) => migration.id > locked)) {
      for (const statement of statements) database.exec(statement);
      database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run([id, name, new Date().toISOString()]);
    }
    database.prepare(`INSERT OR IGNORE INTO meta VALUES ('ledger', ?)`).run([randomUUID()]);
    // The backup contains values that are removed from now on: `Erasure` deletes it once the two counts differ.
    if (locked < newestSqliteSchema)
      database.exec(
        `INSERT OR REPLACE INTO meta SELECT 'removals-at-copy', value FROM meta WHERE key = 'removals'`,
      );
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK'); // on a full disk SQLite has already rolled back
    throw error;
  }
}

/** Returns the id of the last applied migration; 0 for an empty database. */
function schemaVersionOf(database: Database.Database): number {
  const table = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'migrations'`).get();
  if (table === undefined) return 0;
  const row = database.prepare('SELECT max(id) AS id FROM migrations').get() as { id: number | null };
  return row.id ?? 0;
}

function tooNew(path: string, version: number): EscrowError {
  const copy = backupPath(path, newestSqliteSchema);
  const hint = existsSync(copy)
    ? `Use the newer nf-escrow. Or stop its daemon and restore the backup, which loses all changes since the upgrade: rm -f '${path}'-*; mv '${copy}' '${path}'`
    : 'Use the newer nf-escrow, or set NF_ESCROW_HOME to another directory.';
  return new EscrowError(
    'ledger-too-new',
    `Cannot open the ledger "${path}": it has schema version ${String(version)}, and this nf-escrow supports up to ${String(newestSqliteSchema)}.`,
    { hint },
  );
}
