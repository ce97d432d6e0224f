import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../errors.ts';
import { syncDirectory } from './durable.ts';

/**
 * Removes a directory of ours with all that is in it, following nothing that is not ours: a link is removed, not what
 * it points to. Contents of plain files are cut off before the name goes, so that a process that still holds one open
 * reads nothing. Repeatable: what is not there is removed.
 */
export function removeTree(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    removeFile(path);
    return;
  }
  for (const name of readdirSync(path)) removeTree(join(path, name));
  syncDirectory(path);
  rmdirSync(path);
  syncDirectory(dirname(path));
}

/** Rename, truncate, unlink. The caller syncs the directory. */
function removeFile(path: string): void {
  const found = lstatSync(path);
  if (!found.isFile() || found.nlink > 1) {
    unlinkSync(path); // a FIFO, a link, or a file that has another name: the content is not ours to cut
    return;
  }
  const gone = join(dirname(path), `.gone-${randomBytes(6).toString('hex')}`); // a name that nobody can stand on
  renameSync(path, gone);
  truncate(gone);
  unlinkSync(gone);
}

function truncate(path: string): void {
  let fd;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A file that we may not write, or that is being run, can still be unlinked, which is what counts.
    if (['EACCES', 'ETXTBSY'].includes(systemCode(error) ?? '')) return;
    throw error;
  }
  try {
    ftruncateSync(fd);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
