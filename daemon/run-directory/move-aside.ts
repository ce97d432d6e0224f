import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Renames an entry that a task has created in the place of one of our files. It may be a directory with many files, so it is
 * removed later, with the run directory.
 */
export function moveAside(path: string): void {
  renameSync(path, join(dirname(path), `.gone-${randomBytes(6).toString('hex')}`));
}
