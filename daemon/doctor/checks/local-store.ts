import { lstatSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { asEscrowError } from '../../errors.ts';
import { isMissing } from '../../system/files/path-lookup.ts';
import { findLocalStore, localStoreNames, localStorePath } from '../../nextflow/launcher/local-store.ts';
import { failure, modeOf, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';

const NAME = 'Nextflow secrets';
/** Files that Nextflow writes next to its store for its tasks, with every secret in clear text. A killed run leaves them. */
const LEFTOVER = /^\.nf-.*\.secrets$/;

/** Checks the user's own secrets store of Nextflow, which runs merge. Shows no names or values. */
export function checkLocalStore({ env }: Pick<DoctorContext, 'env'>): Check[] {
  return [checkStore(env), ...checkLeftovers(dirname(localStorePath(env)))];
}

function checkStore(env: DoctorContext['env']): Check {
  const path = findLocalStore(env);
  if (path === null) return ok(NAME, `${localStorePath(env)} does not exist; it is optional`);
  const found = lstatSync(path);
  const without = 'or exclude it from runs with --only-secret';
  if (!found.isFile())
    return failure(NAME, `${path} is not a regular file`, `Replace it with a regular file, ${without}.`);
  if ((found.mode & 0o777) !== 0o600)
    return failure(
      NAME,
      `${path} has mode ${modeOf(found)}; Nextflow requires 0600`,
      `chmod 600 ${quoteShellWord(path)}`,
    );
  try {
    localStoreNames(path);
  } catch (error) {
    const { message, hint } = asEscrowError(error); // as the launch reports it
    return failure(NAME, message, hint);
  }
  return ok(NAME, `${path} (0600)`);
}

function checkLeftovers(directory: string): Check[] {
  const left = namesIn(directory).filter((name) => LEFTOVER.test(name)).length;
  if (left === 0) return [];
  return [
    warning(
      NAME,
      `${String(left)} files .nf-*.secrets in ${directory}: runs of plain nextflow left secrets there in clear text`,
      'Delete them when no run of plain nextflow is alive.',
    ),
  ];
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
