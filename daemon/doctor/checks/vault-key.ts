import { existsSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { readRing, type KeyRing, type KeySource } from '../../vault/keys/key-ring.ts';
import { ok, warning, type Check } from '../check.ts';

const SOURCES: Readonly<Record<KeySource, string>> = {
  file: 'contains the key',
  passphrase: 'describes how to derive the key from the passphrase',
  command: 'describes how to derive the key from the output of vaultKeyCommand',
  kms: 'contains a key that only a team server can decrypt, with AWS KMS',
};

/**
 * Checks the key file of the vault, and that it is separate from the ledger that it decrypts. Shows no key. Throws errors of the key
 * file.
 */
export function checkVaultKey(paths: Paths): Check[] {
  return [checkKey(paths), checkPlace(paths)];
}

function checkKey({ keyFile, ledger }: Paths): Check {
  const ring = readRing(keyFile);
  if (ring === undefined) {
    if (!existsSync(ledger)) return ok('vault key', 'none yet: setting the first secret creates it');
    return warning(
      'vault key',
      `${keyFile} does not exist, but a ledger does`,
      'Ignore this if no secret has been set yet. Otherwise restore the file: secrets cannot be decrypted without it.',
    );
  }
  return ok('vault key', `${keyFile} is private and ${describe(ring)}`);
}

function describe([{ source }, ...others]: KeyRing): string {
  return `${SOURCES[source]}${others.length === 0 ? '' : '. A rekey is not complete'}`;
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
