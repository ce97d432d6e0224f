import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../errors.ts';
import { syncDirectory } from './atomic-write.ts';
import { restoreOwnerAccess } from './restore-owner-access.ts';
import { step, type FaultInjector } from '../steps.ts';

/**
 * Removes a directory of ours with all that is in it, following nothing that is not ours: a link is removed, not what
 * it points to. Contents of plain files are cut off before the name goes, so that a process that still holds one open
 * reads nothing. Repeatable: what is not there is removed. What cannot be removed keeps nothing beside it: the first
 * error is thrown once all else is gone.
 */
export async function removeTree(path: string, faults: FaultInjector): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    await removeFile(path, faults);
    return;
  }
  restoreOwnerAccess(path);
  const failures: unknown[] = [];
  for (const name of readdirSync(path))
    try {
      await removeTree(join(path, name), faults);
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
  await step(faults, 'remove.rmdir', () => {
    syncDirectory(path);
    rmdirSync(path);
    syncDirectory(dirname(path));
  });
}

/** Rename, truncate, unlink. The caller syncs the directory. */
async function removeFile(path: string, faults: FaultInjector): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return; // the shim, which removes secrets too, was faster
  if (!found.isFile() || found.nlink > 1) {
    // A FIFO, a link, or a file that has another name: the content is not ours to cut.
    await step(faults, 'remove.unlink', () => unlinkSync(path));
    return;
  }
  const gone = join(dirname(path), `.gone-${randomBytes(6).toString('hex')}`); // a name that nobody can stand on
  await step(faults, 'remove.rename', () => renameSync(path, gone));
  await step(faults, 'remove.truncate', () => truncate(gone));
  await step(faults, 'remove.unlink', () => unlinkSync(gone));
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
  } finally {
    closeSync(fd);
  }
}
