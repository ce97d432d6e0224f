import { closeSync, lstatSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'libsql';
import { EscrowError } from '../../errors.ts';
import { renameOver, syncDirectory, syncFile } from '../../system/files/atomic-write.ts';

/** Returns the path of the backup of a ledger with this schema version. */
export function backupPath(path: string, schemaVersion: number): string {
  return `${path}.form-${String(schemaVersion)}`;
}

/**
 * Backs up the ledger before a migration, so that the user can return to the older nf-escrow. The backup is complete and
 * durable when this returns. Deletes older backups, because they may contain encrypted values that were removed since. The
 * caller holds the ledger's write lock, so that only one of several starting processes makes the backup. The backup
 * contains everything that was committed before the lock was taken.
 */
export function backUp(path: string, schemaVersion: number): void {
  const copy = backupPath(path, schemaVersion);
  const unfinished = `${copy}.unfinished`;
  if (lstatSync(unfinished, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new EscrowError('path-conflict', `Cannot back up the ledger: "${unfinished}" is a directory.`);
  rmSync(unfinished, { force: true });
  // Created here with mode 0600: SQLite would apply the umask, and it accepts an empty file.
  closeSync(openSync(unfinished, 'wx', 0o600));
  const reader = new Database(path); // its own connection: the caller's is in a transaction, where VACUUM fails
  try {
    reader.exec(`VACUUM INTO '${unfinished.replaceAll("'", "''")}'`);
  } finally {
    reader.close();
  }
  syncFile(unfinished);
  renameOver(unfinished, copy);
  for (const name of readdirSync(dirname(path)))
    if (name.startsWith(`${basename(path)}.form-`) && name !== basename(copy))
      rmSync(join(dirname(path), name), { force: true });
  syncDirectory(dirname(path));
}
