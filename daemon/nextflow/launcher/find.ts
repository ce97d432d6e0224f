import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { EscrowError } from '../../errors.ts';

/** Finds the nextflow to start: the one that is named, else the first on PATH. Gives an absolute path. */
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
        `"${path}" is what \`nf-escrow shim\` wrote, not a nextflow.`,
      );
    throw new EscrowError('nextflow-missing', `"${path}" is not a program.`);
  }
  const path = findOnPath('nextflow', env);
  if (path !== undefined) return path;
  throw new EscrowError('nextflow-missing', 'There is no `nextflow` on PATH.');
}

/** The first program of this name on PATH that is not our own, as an absolute path. */
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

/** What `nf-escrow shim` writes has this in its first lines; wherever it was copied to, it must not find itself. */
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
    return false; // whatever the reason, it is none that could be started
  }
}
