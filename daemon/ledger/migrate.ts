import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type Database from 'libsql';
import { EscrowError } from '../errors.ts';
import { backUp, backupPath } from './backup.ts';
import { migrations } from './migrations.ts';

/** The form this nf-escrow reads and writes. */
const NEWEST = migrations.at(-1)?.id ?? 0;

/**
 * Brings a ledger to this version's form, and gives a new one its id. All steps are one transaction: a ledger has one
 * form or the other, never something between. Throws `ledger-too-new`.
 */
export function migrate(path: string, database: Database.Database): void {
  const form = formOf(database);
  if (form > NEWEST) throw newer(path, form);
  // IMMEDIATE: the lock is taken before the form is looked at again, so two starters cannot both copy, or apply a step.
  database.exec('BEGIN IMMEDIATE');
  try {
    const locked = formOf(database);
    if (locked > 0 && locked < NEWEST) backUp(path, locked);
    database.exec(
      `CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT`,
    );
    for (const { id, name, statements } of migrations.filter((migration) => migration.id > locked)) {
      for (const statement of statements) database.exec(statement);
      database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run([id, name, new Date().toISOString()]);
    }
    database.prepare(`INSERT OR IGNORE INTO meta VALUES ('ledger', ?)`).run([randomUUID()]);
    // A copy has the values that are removed from now on: where the two numbers differ, `Erasure` deletes it.
    if (locked < NEWEST)
      database.exec(
        `INSERT OR REPLACE INTO meta SELECT 'removals-at-copy', value FROM meta WHERE key = 'removals'`,
      );
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK'); // a full disk has SQLite do it by itself
    throw error;
  }
}

/** The number of the last step that was applied; 0 for an empty database. */
function formOf(database: Database.Database): number {
  const table = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'migrations'`).get();
  if (table === undefined) return 0;
  const row = database.prepare('SELECT max(id) AS id FROM migrations').get() as { id: number | null };
  return row.id ?? 0;
}

function newer(path: string, form: number): EscrowError {
  const copy = backupPath(path, NEWEST);
  const back = existsSync(copy)
    ? `Use the newer nf-escrow; or go back to how it was before that: rm -f '${path}'-*; mv '${copy}' '${path}' (what was set since is lost).`
    : 'Use the newer nf-escrow, or another NF_ESCROW_HOME.';
  return new EscrowError(
    'ledger-too-new',
    `"${path}" has form ${String(form)}; this nf-escrow knows up to ${String(NEWEST)}.`,
    { hint: back },
  );
}
