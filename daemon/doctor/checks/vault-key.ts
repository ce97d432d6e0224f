import { existsSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { assertPrivateFile } from '../../system/files/private-directory.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { lstatIfExists } from '../../system/files/path-lookup.ts';

/** 16 characters of prefix, 64 of key, and mostly a newline: told by its size, for it is not to be read here. */
const SIZES = [80, 81];

/** The key of the vault, and whether it lies apart from what it opens. */
export function checkVaultKey(paths: Paths): Check[] {
  return [checkKey(paths), checkPlace(paths)];
}

function checkKey({ keyFile, ledger }: Paths): Check {
  const found = lstatIfExists(keyFile);
  if (found === undefined) {
    if (!existsSync(ledger)) return ok('vault key', 'none yet: the first secret makes it');
    return warning(
      'vault key',
      `${keyFile} is not there, though a ledger is`,
      'Nothing to do if no secret was set yet. Else put the file back: without it nobody can open them.',
    );
  }
  assertPrivateFile(keyFile);
  if (SIZES.includes(found.size)) return ok('vault key', `${keyFile} is yours alone`);
  return failure(
    'vault key',
    `${keyFile} has ${String(found.size)} bytes and so is no vault key`,
    'Put back the key file with which the values were sealed.',
  );
}

/** The honest line: what such a key is good for, and what not. */
function checkPlace({ keyFile, state }: Paths): Check {
  const directory = dirname(keyFile);
  const limits = 'it protects a copied ledger, not a copied home';
  if (!holds(state, directory) && !holds(directory, state))
    return ok('vault key place', `apart from the ledger: ${limits}`);
  return warning(
    'vault key place',
    `key and ledger are both in ${holds(state, directory) ? state : directory}: a copy of that directory opens everything`,
    'Leave it out of backups and snapshots that others can read, or unset NF_ESCROW_HOME, so that the two lie apart.',
  );
}

/** Whether a directory is another one, or above it. */
function holds(upper: string, lower: string): boolean {
  const way = relative(upper, lower);
  return way !== '..' && !way.startsWith('../');
}
