import { closeSync, lstatSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'libsql';
import { EscrowError } from '../errors.ts';
import { renameOver, syncDirectory, syncFile } from '../system/files/atomic-write.ts';

/** Where the copy of a ledger lies that was made before it left this form. */
export function backupPath(path: string, form: number): string {
  return `${path}.form-${String(form)}`;
}

/**
 * Copies the ledger before a migration, whole and on the disk when this returns: the way back to the version that knew
 * its form. Older copies go: sealed values that were removed since should not live on in them. The caller holds the
 * ledger's write lock, so that of several starters one copies; what is copied is what was committed before.
 */
export function backUp(path: string, form: number): void {
  const copy = backupPath(path, form);
  const unfinished = `${copy}.unfinished`;
  if (lstatSync(unfinished, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new EscrowError('path-conflict', `"${unfinished}" is there and is a directory.`);
  rmSync(unfinished, { force: true });
  closeSync(openSync(unfinished, 'wx', 0o600)); // SQLite would make it as the umask says; it takes an empty file
  const reader = new Database(path); // a transaction cannot VACUUM, and the caller is in one
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
