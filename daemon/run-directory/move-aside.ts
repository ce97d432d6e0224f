import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Takes the name from what a task has planted in the place of one of our files. It is removed with the run directory: it may be
 * a directory of many files, which nobody is to wait for now.
 */
export function moveAside(path: string): void {
  renameSync(path, join(dirname(path), `.gone-${randomBytes(6).toString('hex')}`));
}
