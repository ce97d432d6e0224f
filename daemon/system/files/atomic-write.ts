import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { EscrowError, systemCode } from '../../errors.ts';

/**
 * Writes a file atomically and durably: creates a temporary file in the same directory with its final mode, syncs it,
 * renames it, and syncs the directory. Throws `path-conflict` when `path` is a directory.
 *
 * All calls are synchronous: they are few and the files are small, and the caller's next step (a ledger row, an answer)
 * must not precede them.
 */
export function writeFileAtomic(path: string, data: Uint8Array | string, mode = 0o600): void {
  const temporary = writeTemporary(path, data, mode);
  try {
    renameOver(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Renames a file, replacing an existing file. Throws `path-conflict` when `to` is a directory. */
export function renameOver(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== 'EISDIR') throw error;
    throw new EscrowError('path-conflict', `Cannot write "${to}": it is a directory.`, { cause: error });
  }
}

/** Writes a file like writeFileAtomic, but never replaces an existing one. Returns false when the file exists. */
export function createFileAtomic(path: string, data: Uint8Array | string, mode = 0o600): boolean {
  const temporary = writeTemporary(path, data, mode);
  try {
    linkSync(temporary, path); // link(2) fails where rename(2) would replace
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
  syncDirectory(dirname(path));
  return true;
}

/** Makes names that were created, renamed or removed in a directory durable. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the content of a file durable that another process wrote. */
export function syncFile(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Removes temporary files that a killed writer of `path` left. Only for callers that are its single writer. */
export function removeTemporaryFiles(path: string): void {
  const start = `.${basename(path)}.`;
  for (const name of readdirSync(dirname(path)))
    if (name.startsWith(start) && /^[0-9a-f]{12}$/.test(name.slice(start.length)))
      unlinkSync(join(dirname(path), name));
}

function writeTemporary(path: string, data: Uint8Array | string, mode: number): string {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(temporary, flags, mode);
  try {
    writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data);
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
  return temporary;
}

/** write(2) may write fewer bytes than requested, for example on a disk that fills up. */
function writeAll(fd: number, data: Uint8Array): void {
  for (let offset = 0; offset < data.length;) offset += writeSync(fd, data, offset);
}
