import { accessSync, constants, lstatSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../errors.ts';

/** What stands at a path, links not followed; undefined where nothing does. */
export function lstatIfExists(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    // ENOTDIR: something on the way is no directory. Node's own throwIfNoEntry throws for it, in some versions.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The path itself, or the nearest of its parents that is there; a link counts, wherever it leads. */
export function nearestExistingAncestor(path: string): string {
  for (let at = path; ; at = dirname(at))
    if (lstatIfExists(at) !== undefined || at === dirname(at)) return at;
}

/** Whether a directory, or a link to one, lets us make something in it. */
export function isWritableDirectory(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // EACCES, or EROFS: it is the same to us
  }
}
