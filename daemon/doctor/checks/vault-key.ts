import { existsSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { assertPrivateFile } from '../../system/files/private-directory.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { lstatIfExists } from '../../system/files/path-lookup.ts';

/** 16 characters of prefix, 64 of key, and usually a newline. Doctor checks only the size and never reads the key. */
const SIZES = [80, 81];

/** Checks the key file of the vault, and that it is separate from the ledger that it decrypts. */
export function checkVaultKey(paths: Paths): Check[] {
  return [checkKey(paths), checkPlace(paths)];
}

function checkKey({ keyFile, ledger }: Paths): Check {
  const found = lstatIfExists(keyFile);
  if (found === undefined) {
    if (!existsSync(ledger)) return ok('vault key', 'none yet: setting the first secret creates it');
    return warning(
      'vault key',
      `${keyFile} does not exist, but a ledger does`,
      'Ignore this if no secret has been set yet. Otherwise restore the file: secrets cannot be decrypted without it.',
    );
  }
  assertPrivateFile(keyFile);
  if (SIZES.includes(found.size)) return ok('vault key', `${keyFile} is private`);
  return failure(
    'vault key',
    `${keyFile} is not a vault key: it has ${String(found.size)} bytes`,
    'Restore the key file with which the values were encrypted.',
  );
}

/** Reports what the key file protects against and what it does not. */
function checkPlace({ keyFile, state }: Paths): Check {
  const directory = dirname(keyFile);
  const limits = 'this protects a copied ledger, but not a copied home directory';
  if (!holds(state, directory) && !holds(directory, state))
    return ok('vault key location', `separate from the ledger: ${limits}`);
  return warning(
    'vault key location',
    `key and ledger are both in ${holds(state, directory) ? state : directory}: a copy of that directory reveals all secrets`,
    'Exclude the directory from backups and snapshots that others can read, or unset NF_ESCROW_HOME to separate key and ledger.',
  );
}

/** Returns whether `lower` is `upper` or below it. */
function holds(upper: string, lower: string): boolean {
  const way = relative(upper, lower);
  return way !== '..' && !way.startsWith('../');
}
