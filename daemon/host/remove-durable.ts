import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
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
import { step, type Faults } from './steps.ts';

/** open(2); Node does not name it. */
const O_PATH = 0o10000000;
const MODE = 0o7777;
const ALL_OURS = 0o700;

/**
 * Removes a directory of ours with all that is in it, following nothing that is not ours: a link is removed, not what
 * it points to. Contents of plain files are cut off before the name goes, so that a process that still holds one open
 * reads nothing. Repeatable: what is not there is removed. What cannot be removed keeps nothing beside it: the first
 * error is thrown once all else is gone.
 */
export async function removeTree(path: string, faults: Faults): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    await removeFile(path, faults);
    return;
  }
  if ((found.mode & ALL_OURS) !== ALL_OURS) makeAccessible(path);
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

/**
 * Lets us into a directory of ours that a task may have closed. By its descriptor, which needs no permission: a link that
 * takes its place leads nowhere. What is not ours stays as it is, and its removal says what is wrong.
 */
function makeAccessible(path: string): void {
  const fd = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid === process.geteuid?.()) chmodSync(`/proc/self/fd/${String(fd)}`, (mode & MODE) | ALL_OURS);
  } finally {
    closeSync(fd);
  }
}

/** Rename, truncate, unlink. The caller syncs the directory. */
async function removeFile(path: string, faults: Faults): Promise<void> {
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
