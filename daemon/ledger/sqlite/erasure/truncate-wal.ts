import type Database from 'libsql';
import { messageOf } from '../errors.ts';

/**
 * Checkpoints and truncates the write-ahead log, where SQLite would otherwise keep old content. Returns undefined on
 * success or without such a log, else the reason of the failure. Does not wait for readers, because SQLite's wait would
 * block the daemon's event loop. Must not be called within a transaction.
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
    return `cannot truncate the write-ahead log of the ledger (${messageOf(error)})`;
  } finally {
    database.exec(`PRAGMA busy_timeout = ${String(timeout)}`);
  }
}
