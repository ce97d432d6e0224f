import { accessSync, constants, lstatSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isMissing } from '../../system/files/path-lookup.ts';
import { findLocalStore, localStorePath } from '../../nextflow/launcher/local-store.ts';
import { failure, modeOf, ok, warning, type Check } from '../check.ts';
import type { DoctorContext } from '../doctor-context.ts';
import { quoteShellWord } from '../../system/processes/shell-word.ts';

/** What Nextflow writes beside its store for its tasks, with every secret in clear; a killed run leaves it behind. */
const LEFTOVER = /^\.nf-.*\.secrets$/;

/** The user's own secrets store of Nextflow, which is merged into a run. Only its name and mode are looked at. */
export function checkLocalStore({ env }: Pick<DoctorContext, 'env'>): Check[] {
  return [checkStore(env), ...checkLeftovers(dirname(localStorePath(env)))];
}

function checkStore(env: DoctorContext['env']): Check {
  const path = findLocalStore(env);
  if (path === null) return ok('local store', `${localStorePath(env)} is not there, and need not be`);
  const found = lstatSync(path);
  const without = 'or leave it out of runs with --only-secret';
  if (!found.isFile())
    return failure('local store', `${path} is not a plain file`, `Put the file itself there, ${without}.`);
  if ((found.mode & 0o777) !== 0o600)
    return failure(
      'local store',
      `${path} has mode ${modeOf(found)}; Nextflow refuses any but 0600`,
      `chmod 600 ${quoteShellWord(path)}`,
    );
  accessSync(path, constants.R_OK);
  return ok('local store', `${path} (0600)`);
}

function checkLeftovers(directory: string): Check[] {
  const left = namesIn(directory).filter((name) => LEFTOVER.test(name)).length;
  if (left === 0) return [];
  return [
    warning(
      'local store',
      `${String(left)} files .nf-*.secrets in ${directory}: runs of plain nextflow left secrets there in clear`,
      'When no such run is alive, remove them.',
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
