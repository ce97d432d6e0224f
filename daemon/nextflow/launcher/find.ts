import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';
import { findProgram, isProgram } from '../../system/files/find-program.ts';

/** Returns the absolute path of the nextflow to start: the named one, or the first on PATH. Throws `nextflow-missing`. */
export function findNextflow(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (named !== undefined) {
    const path = resolve(named);
    if (isNextflow(path)) return path;
    if (isProgram(path) && isReadable(path))
      throw new EscrowError(
        'nextflow-missing',
        `Cannot start "${path}": it is the wrapper that \`nf-escrow shim\` wrote, not Nextflow.`,
      );
    throw new EscrowError('nextflow-missing', `Cannot start "${path}": it is not an executable file.`);
  }
  const path = findProgram('nextflow', env['PATH'], isNextflow);
  if (path !== undefined) return path;
  throw new EscrowError('nextflow-missing', 'Cannot find `nextflow` on PATH.');
}

/** Mark in the first lines of the wrapper that `nf-escrow shim` writes, so that no copy of it starts itself. */
export const SHIM_MARK = 'nf-escrow-shim-1';

function isNextflow(path: string): boolean {
  return isProgram(path) && isReadable(path) && !isOurs(path);
}

/** Nextflow is a script, which its interpreter reads. */
function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function isOurs(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(512);
    return head.subarray(0, readSync(fd, head)).includes(SHIM_MARK);
  } finally {
    closeSync(fd);
  }
}
