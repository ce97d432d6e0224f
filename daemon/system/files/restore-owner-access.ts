import { chmodSync, closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { systemCode } from '../../errors.ts';
import { O_PATH } from './o-path.ts';

const MODE = 0o7777;
const ALL_OURS = 0o700;

/**
 * Restores the owner's access to a directory of ours that a task may have closed (for example, with mode 000). Uses an O_PATH
 * descriptor, which needs no permission and follows no link. Ignores paths that are missing, not directories or not ours; the
 * next use of the path reports the problem.
 */
export function restoreOwnerAccess(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true || (found.mode & ALL_OURS) === ALL_OURS) return;
  let fd;
  try {
    fd = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return; // removed or replaced just now
    throw error;
  }
  try {
    restoreAccessTo(fd);
  } finally {
    closeSync(fd);
  }
}

/** Restores access to an open directory. */
export function restoreAccessTo(fd: number): void {
  const { uid, mode } = fstatSync(fd);
  if ((mode & ALL_OURS) === ALL_OURS || uid !== process.geteuid?.()) return;
  chmodSync(`/proc/self/fd/${String(fd)}`, (mode & MODE) | ALL_OURS);
}
