import { accessSync, constants, lstatSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../../errors.ts';

/** Returns whether an error says that nothing exists at a path. ENOTDIR: a parent is not a directory. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Returns the status of a path without following a link; undefined when it does not exist. */
export function lstatIfExists(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined; // some versions of Node throw ENOTDIR despite throwIfNoEntry
    throw error;
  }
}

/** Returns the path itself, or its nearest parent that exists. A dangling link counts as existing. */
export function nearestExistingAncestor(path: string): string {
  for (let at = path; ; at = dirname(at))
    if (lstatIfExists(at) !== undefined || at === dirname(at)) return at;
}

/** Returns whether a path is a directory, or a link to one, in which this process may create entries. */
export function isWritableDirectory(path: string): boolean {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // EACCES, ENOTDIR or EROFS
  }
}
