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
 * Files that are there whole or not at all, also after a power loss: temporary name in the same directory, mode at
 * creation, fsync, rename, fsync of the directory. Throws `path-conflict` where a directory stands.
 *
 * All calls are synchronous on purpose: each is a handful of system calls on small files, and the caller's next step
 * (a ledger row, an answer) must not happen before them.
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

/** Gives a file a name that another one may have. Throws `path-conflict` where a directory stands. */
export function renameOver(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== 'EISDIR') throw error;
    throw new EscrowError('path-conflict', `"${to}" is there and is a directory.`, { cause: error });
  }
}

/** As writeDurable, but never over a file that is there already. Returns false when there was one. */
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

/** Makes the entries of a directory durable: a name created, renamed or removed in it. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the content of a file durable that someone else wrote. */
export function syncFile(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Removes what was being written to `path` when its writer was killed. Only for who is the one writer of it. */
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

/** write(2) may take fewer bytes than it was given, on a disk that fills up for one. */
function writeAll(fd: number, data: Uint8Array): void {
  for (let offset = 0; offset < data.length;) offset += writeSync(fd, data, offset);
}
