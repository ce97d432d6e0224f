import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EscrowError } from '../../errors.ts';
import { writeDurable } from '../../system/files/atomic-write.ts';
import { readOwnFile } from '../../system/files/read-plain-file.ts';
import { SHIM_MARK } from './find.ts';
import { quote } from '../../system/processes/shell-word.ts';

/** The mark is in the first lines. */
const HEAD_MAX = 4096;

/**
 * Writes a `nextflow` into a directory that starts this nf-escrow; gives its path. Throws `path-occupied` where a
 * nextflow of someone else's stands.
 */
export function writeShim(directory: string, program: string): string {
  const path = join(resolve(directory), 'nextflow');
  // A FIFO would keep us waiting, and a device has no end.
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isThere && readOwnFile(path, HEAD_MAX)?.includes(SHIM_MARK) !== true)
    throw new EscrowError('path-occupied', `"${path}" is there, and not nf-escrow's.`, {
      hint: 'Name another directory, and put it before that one on PATH.',
    });
  mkdirSync(resolve(directory), { recursive: true, mode: 0o755 }); // whatever the umask: it is to be on PATH
  const template = readFileSync(fileURLToPath(import.meta.resolve('#templates/nextflow.sh')), 'utf8');
  const text = template
    .replace('@NODE@', () => quote(process.execPath))
    .replace('@PROGRAM@', () => quote(program));
  writeDurable(path, text, 0o755);
  return path;
}
