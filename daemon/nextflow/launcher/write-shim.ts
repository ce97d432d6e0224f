import { lstatSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { writeFileAtomic } from '../../system/files/atomic-write.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import { SHIM_MARK } from './find.ts';
import { fillTemplate } from '../../system/files/fill-template.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';

/** The mark is in the first lines. */
const HEAD_MAX = 4096;

/**
 * Writes a `nextflow` into a directory that starts this nf-escrow; gives its path. Throws `path-conflict` where a
 * nextflow of someone else's stands.
 */
export function writeShim(directory: string, program: string): string {
  const path = join(resolve(directory), 'nextflow');
  // A FIFO would keep us waiting, and a device has no end.
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isThere && readFileNoFollow(path, HEAD_MAX)?.includes(SHIM_MARK) !== true)
    throw new EscrowError('path-conflict', `"${path}" is there, and not nf-escrow's.`, {
      hint: 'Name another directory, and put it before that one on PATH.',
    });
  mkdirSync(resolve(directory), { recursive: true, mode: 0o755 }); // whatever the umask: it is to be on PATH
  const text = fillTemplate('nextflow.sh', {
    NODE: quoteShellWord(process.execPath),
    PROGRAM: quoteShellWord(program),
  });
  writeFileAtomic(path, text, 0o755);
  return path;
}
