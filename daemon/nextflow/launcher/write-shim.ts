import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { makeDirectories } from '../../system/files/make-directories.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { SHIM_MARK } from './find.ts';
import { fillTemplate } from '../../system/files/fill-template.ts';
import { quoteShellWords } from '../../system/processes/shell-word.ts';

/** Number of bytes that are searched for the mark. */
const HEAD_MAX = 4096;

/**
 * Writes a `nextflow` to a directory that starts this nf-escrow, and returns its path. Throws `path-conflict` if another
 * `nextflow` exists there.
 */
export function writeShim(directory: string, command: readonly string[]): string {
  const path = join(resolve(directory), 'nextflow');
  // Reads only regular files: a FIFO would block, and a device may be endless.
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isThere && readFileNoFollow(path, HEAD_MAX)?.includes(SHIM_MARK) !== true)
    throw new EscrowError(
      'path-conflict',
      `Cannot write "${path}": a file that nf-escrow did not create exists there.`,
      {
        hint: 'Name another directory, and put it before this one on PATH.',
      },
    );
  makeDirectories(resolve(directory), 0o755); // independent of the umask, because it will be on PATH
  const text = fillTemplate('nextflow.sh', { COMMAND: quoteShellWords(command) });
  writeFileAtomic(path, text, 0o755);
  return path;
}
