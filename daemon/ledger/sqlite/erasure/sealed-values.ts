import { sql, type Transaction } from 'kysely';
import type { Tables } from '../../tables.ts';

/**
 * Moves encrypted values to the table `sealed_values`, with `secret_versions` as a view of it. SQLite's `secure_delete`
 * zeroes a deleted row in place, but not the copies that b-tree balancing leaves in the unused part of other pages
 * (`rebuildPage` in SQLite's btree.c). Therefore an encrypted value must never move: rows are appended, and a removed
 * value is overwritten in place with zeros of the same length. The zeroed rows are dropped when the table is rewritten.
 *
 * `removals` counts removed and replaced values. `Erasure` runs when it has changed.
 */
export const sealedValuesMigration = {
  name: 'encrypted values that are overwritten in place',
  statements: [
    `CREATE TABLE sealed_values (id INTEGER PRIMARY KEY, secret_id TEXT NOT NULL, version INTEGER NOT NULL,
       name TEXT NOT NULL, scope_id TEXT NOT NULL, live INTEGER NOT NULL, sealed BLOB NOT NULL,
       UNIQUE (secret_id, version)) STRICT`,
    `INSERT INTO sealed_values (secret_id, version, name, scope_id, live, sealed)
       SELECT secret_id, version, name, scope_id, 1, sealed FROM secret_versions ORDER BY rowid`,
    `DROP TABLE secret_versions`,
    `CREATE VIEW secret_versions AS
       SELECT secret_id, version, name, scope_id, sealed FROM sealed_values WHERE live = 1`,
    `INSERT INTO meta VALUES ('removals', '0')`,
    `CREATE TRIGGER insert_secret_version INSTEAD OF INSERT ON secret_versions BEGIN
       INSERT INTO sealed_values (secret_id, version, name, scope_id, live, sealed)
         VALUES (NEW.secret_id, NEW.version, NEW.name, NEW.scope_id, 1, NEW.sealed);
     END`,
    `CREATE TRIGGER delete_secret_version INSTEAD OF DELETE ON secret_versions BEGIN
       UPDATE sealed_values SET live = 0, sealed = zeroblob(length(sealed))
         WHERE secret_id = OLD.secret_id AND version = OLD.version;
       UPDATE meta SET value = value + 1 WHERE key = 'removals';
     END`,
    `CREATE TRIGGER update_secret_version INSTEAD OF UPDATE OF sealed ON secret_versions BEGIN
       SELECT RAISE(ABORT, 'a sealed value is replaced by one of another length')
         WHERE length(NEW.sealed) <> length(OLD.sealed);
       UPDATE sealed_values SET sealed = NEW.sealed WHERE secret_id = OLD.secret_id AND version = OLD.version;
       UPDATE meta SET value = value + 1 WHERE key = 'removals';
     END`,
  ],
} as const;

/** The table is rewritten when it has at least this many zeroed rows, and at least as many as live rows. */
export const COMPACT_AFTER = 500;

/**
 * Rewrites the table without its zeroed rows, if there are enough of them. A DELETE without a WHERE clause zeroes whole
 * pages, and inserting rows in key order never moves a row. The temporary copy is in memory (`temp_store`).
 */
export async function compactSealedValues(db: Transaction<Tables>): Promise<void> {
  const { rows } = await sql<{ removed: number; live: number }>`
    SELECT count(*) - count(nullif(live, 0)) AS removed, count(nullif(live, 0)) AS live FROM sealed_values`.execute(
    db,
  );
  const [{ removed, live } = { removed: 0, live: 0 }] = rows;
  if (removed < COMPACT_AFTER || removed < live) return;
  await sql`CREATE TEMP TABLE kept AS SELECT * FROM sealed_values WHERE live = 1 ORDER BY id`.execute(db);
  await sql`DELETE FROM sealed_values`.execute(db);
  await sql`INSERT INTO sealed_values SELECT * FROM kept ORDER BY id`.execute(db);
  await sql`DROP TABLE kept`.execute(db);
}
