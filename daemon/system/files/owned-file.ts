import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { EscrowError, systemCode } from '../../errors.ts';
import { pathError } from './path-error.ts';
import { assertOwner, inPrivateDirectory } from './private-directory.ts';

/**
 * Opens a file of the user to append to, and creates it with mode 0600 when it does not exist. Does not follow links and
 * does not block on a FIFO. Throws `path-conflict`, `permissions-too-open`, `ledger-unavailable`.
 */
export function openToAppend(path: string): number {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  const flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  let fd;
  try {
    fd = inPrivateDirectory(path, (entry) => openSync(entry, flags, 0o600));
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    throw pathError(path, error);
  }
  try {
    assertOwnFile(path, fstatSync(fd));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}

/**
 * Creates an empty file with mode 0600 unless it exists, for libraries that would follow a link or apply the umask when
 * they create it. Returns whether it created the file. Throws the errors of openToAppend.
 */
export function ensureOwnedFile(path: string): boolean {
  let isNew = true;
  try {
    closeSync(inPrivateDirectory(path, (entry) => openSync(entry, 'ax', 0o600)));
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    if (systemCode(error) !== 'EEXIST' && !exists(path)) throw pathError(path, error);
    isNew = false;
  }
  assertOwnFile(path, lstatSync(path));
  return isNew;
}

/** On a read-only disk the kernel returns EROFS even for an existing file, which can still be inspected. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function assertOwnFile(path: string, found: Stats): void {
  if (!found.isFile())
    throw new EscrowError('path-conflict', `Cannot use "${path}": it is not a regular file.`);
  // Another user may own the other name, and SQLite can corrupt a database that has two names:
  // https://sqlite.org/howtocorrupt.html, section 2.4.
  if (found.nlink > 1)
    throw new EscrowError('path-conflict', `Cannot use "${path}": it has another hard link.`, {
      hint: 'Replace it with a copy: copy it to another name, remove it, and move the copy back.',
    });
  assertOwner(path, found);
}
