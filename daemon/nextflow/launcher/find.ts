import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';

/** Returns the absolute path of the nextflow to start: the named one, or the first on PATH. Throws `nextflow-missing`. */
export function findNextflow(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (named !== undefined) {
    const path = resolve(named);
    if (isProgram(path) && !isOurs(path)) return path;
    if (isProgram(path))
      throw new EscrowError(
        'nextflow-missing',
        `Cannot start "${path}": it is the wrapper that \`nf-escrow shim\` wrote, not Nextflow.`,
      );
    throw new EscrowError('nextflow-missing', `Cannot start "${path}": it is not an executable file.`);
  }
  const path = findOnPath('nextflow', env);
  if (path !== undefined) return path;
  throw new EscrowError('nextflow-missing', 'Cannot find `nextflow` on PATH.');
}

/** Returns the absolute path of the first program of this name on PATH that is not our wrapper. */
export function findOnPath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => resolve(directory, name))
    .find((path) => isProgram(path) && !isOurs(path));
}

/** Mark in the first lines of the wrapper that `nf-escrow shim` writes, so that no copy of it starts itself. */
export const SHIM_MARK = 'nf-escrow-shim-1';

function isOurs(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(512);
    return head.subarray(0, readSync(fd, head)).includes(SHIM_MARK);
  } finally {
    closeSync(fd);
  }
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK | constants.R_OK);
    return statSync(realpathSync(path)).isFile();
  } catch {
    return false; // it cannot be started, for any reason
  }
}
