import Database from 'libsql';
import { EscrowError } from '../errors.ts';
import { ensureOwnedFile } from '../system/files/owned-file.ts';

/**
 * Takes the lock that makes one daemon a user and host. It is SQLite's own file lock (fcntl), held by an open
 * exclusive transaction: the kernel lets go of it when the process ends, however it ends, so nothing stale is left.
 * Returns undefined when another process has it. Throws `ledger-unavailable`, `path-conflict`, `permissions-too-open`.
 */
export function takeLock(path: string): { release(): void } | undefined {
  ensureOwnedFile(path); // SQLite would follow a link
  let database;
  try {
    database = new Database(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode=DELETE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return undefined;
    const why = error instanceof Error ? error.message : 'unknown error';
    throw new EscrowError('ledger-unavailable', `"${path}" cannot be locked: ${why}.`, { cause: error });
  }
  const held = database;
  return {
    release: () => {
      held.close();
    },
  };
}
