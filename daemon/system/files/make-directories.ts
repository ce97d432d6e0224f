import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemCode } from '../../errors.ts';
import { pathError } from './path-error.ts';

/**
 * Creates a directory and its missing parents. Returns if it exists already. Throws `path-conflict`, `ledger-unavailable`.
 *
 * Node's mkdir with `recursive` must not be used: it never returns where mkdir(2) reports ENOENT although the parent exists, as
 * below /proc, and uses a whole CPU.
 */
export function makeDirectories(path: string, mode: number): void {
  const missing: string[] = [];
  for (let at = resolve(path); !isDirectory(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  for (const each of missing) {
    try {
      mkdirSync(each, { mode });
    } catch (error) {
      // EEXIST: another process created it. If it is a file, the next step fails with ENOTDIR.
      if (systemCode(error) !== 'EEXIST' || !isDirectory(each)) throw pathError(each, error);
    }
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false; // inaccessible, or a parent is a file: mkdir reports why
  }
}
