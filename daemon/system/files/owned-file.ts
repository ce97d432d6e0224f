import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { EscrowError, systemCode } from '../../errors.ts';
import { pathError } from './path-error.ts';
import { assertOwner, inPrivateDirectory } from './private-directory.ts';

/**
 * Opens a file of ours to append to, made with mode 0600 where there is none. Follows no link, and waits for no FIFO.
 * Throws `path-conflict`, `permissions-too-open`, `ledger-unavailable`.
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
 * Makes an empty file of mode 0600 where there is none, for those who would follow a link or make it as the umask says.
 * Returns whether there was none. Throws as openToAppend does.
 */
export function ensureOwnedFile(path: string): boolean {
  let isNew = true;
  try {
    closeSync(inPrivateDirectory(path, (entry) => openSync(entry, 'ax', 0o600)));
  } catch (error) {
    if (error instanceof EscrowError) throw error;
    if (systemCode(error) !== 'EEXIST' && !isThere(path)) throw pathError(path, error);
    isNew = false;
  }
  assertOwnFile(path, lstatSync(path));
  return isNew;
}

/** A read-only disk is told before that the name is taken: what is there can still be looked at. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function assertOwnFile(path: string, found: Stats): void {
  if (!found.isFile()) throw new EscrowError('path-conflict', `"${path}" is there and is not a plain file.`);
  // Another name may be another's; and SQLite can lose a database that has two: https://sqlite.org/howtocorrupt.html, 2.4.
  if (found.nlink > 1)
    throw new EscrowError('path-conflict', `"${path}" is there and has another name as well (a hard link).`, {
      hint: 'Copy it to a file of its own: `cp` it aside, remove it, and move the copy back.',
    });
  assertOwner(path, found);
}
