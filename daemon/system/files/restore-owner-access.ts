import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { systemCode } from '../../errors.ts';
import { O_PATH } from './o-path.ts';

const MODE = 0o7777;
const ALL_OURS = 0o700;

/**
 * Lets us into a directory of ours that a task may have closed (mode 000, say). By its descriptor, which needs no
 * permission: a link that takes its place leads nowhere. What is not ours, no directory or gone stays as it is, and who
 * uses it says what is wrong.
 */
export function restoreOwnerAccess(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true || (found.mode & ALL_OURS) === ALL_OURS) return;
  let fd;
  try {
    fd = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return; // it went away just now
    throw error;
  }
  try {
    restoreAccessTo(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same for a directory that is open. */
export function restoreAccessTo(fd: number): void {
  const { uid, mode } = fstatSync(fd);
  if ((mode & ALL_OURS) === ALL_OURS || uid !== process.geteuid?.()) return;
  chmodSync(`/proc/self/fd/${String(fd)}`, (mode & MODE) | ALL_OURS);
}
