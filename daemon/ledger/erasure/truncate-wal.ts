import type Database from 'libsql';
import { messageOf } from '../sqlite-errors.ts';

/**
 * Moves what the write-ahead log holds into the ledger and truncates the log, in which SQLite otherwise leaves what was
 * written to it. Gives why that cannot be done now; undefined where it is done, or there is no such log. Waits for
 * nobody: SQLite's wait for a reader would hold up the whole daemon. Not within a transaction.
 */
export function truncateWal(database: Database.Database): string | undefined {
  const [{ timeout } = { timeout: 0 }] = database.prepare('PRAGMA busy_timeout').all() as {
    timeout: number;
  }[];
  try {
    database.exec('PRAGMA busy_timeout = 0');
    const [result] = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all() as { busy: number }[];
    return result?.busy === 0 ? undefined : 'another process is reading the ledger';
  } catch (error) {
    return `the write-ahead log of the ledger cannot be truncated (${messageOf(error)})`;
  } finally {
    database.exec(`PRAGMA busy_timeout = ${String(timeout)}`);
  }
}
