import Database from 'libsql';
import { EscrowError } from '../errors.ts';
import { ensureOwnedFile } from '../system/files/owned-file.ts';
import { findReason, messageOf } from './sqlite/errors.ts';

/**
 * Acquires the lock that limits a user to one daemon per host. It is SQLite's file lock (fcntl), held by an open
 * exclusive transaction. The kernel releases it when the process ends for any reason, so there are no stale locks.
 * Returns undefined if another process holds it. Throws `ledger-unavailable`, `path-conflict`, `permissions-too-open`.
 */
export function takeLock(path: string): { release(): void } | undefined {
  ensureOwnedFile(path); // SQLite would follow a symbolic link
  let database;
  try {
    database = new Database(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode=DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return undefined;
    const { why, ...remedy } = findReason(error) ?? { why: messageOf(error) };
    throw new EscrowError('ledger-unavailable', `Cannot lock "${path}": ${why}.`, {
      ...remedy,
      cause: error,
    });
  }
  const held = database;
  return {
    release: () => {
      held.close();
    },
  };
}
