import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { EscrowError } from '../errors.ts';

/** Finds the nextflow to start: the one that is named, else the first on PATH. Gives an absolute path. */
export function findNextflow(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (named !== undefined) {
    const path = resolve(named);
    if (isProgram(path)) return path;
    throw new EscrowError('nextflow-missing', `"${path}" is not a program.`);
  }
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    const path = resolve(directory, 'nextflow');
    if (directory !== '' && isProgram(path)) return path;
  }
  throw new EscrowError('nextflow-missing', 'There is no `nextflow` on PATH.');
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(realpathSync(path)).isFile();
  } catch {
    return false; // whatever the reason, it is none that could be started
  }
}
