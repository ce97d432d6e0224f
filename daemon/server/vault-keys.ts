import { hkdfSync } from 'node:crypto';
import { EscrowError } from '../errors.ts';
import { readSecretText } from '../system/files/secret-file.ts';
import type { Purpose } from '../system/files/trust/trust-error.ts';
import { Keys } from '../vault/keys/keys.ts';
import type { ServerSettings } from './configuration/server-settings.ts';

const PASSPHRASE: Purpose = {
  what: 'passphrase file',
  variable: 'vault.passphraseFile',
  example: 'vault.passphrase',
};

type VaultSettings = ServerSettings['vault'];

/**
 * Returns the keys of a server's vault, unlocked. The key file must exist: replicas that created one each could not decrypt the
 * values of the others. Throws `vault-key-missing`, `passphrase-wrong` and other errors of keys.
 */
export async function openVaultKeys(settings: VaultSettings): Promise<Keys> {
  const { keyFile, keyCommand } = settings;
  const keys = new Keys({ keyFile, keyCommand, isFixed: true });
  if (keys.ring() === undefined)
    throw new EscrowError('vault-key-missing', `The vault key file "${keyFile}" does not exist.`, {
      hint: 'For a new server, run `nf-escrow serve init` once, and copy the file to the other replicas. Otherwise restore it from a backup.',
    });
  await unlockVaultKeys(keys, settings);
  return keys;
}

/**
 * Reads the passphrases again, of which there are two during a rekey. One that belongs to no key yet is ignored if another one does.
 * Throws `passphrase-wrong`, `config-invalid`, `permissions-too-open`.
 */
export async function unlockVaultKeys(
  keys: Keys,
  { passphraseFile, previousPassphraseFile }: VaultSettings,
): Promise<void> {
  const failures: unknown[] = [];
  const files = [passphraseFile, previousPassphraseFile].filter((file) => file !== undefined);
  for (const file of files)
    try {
      await keys.unlock(readPassphrase(file));
    } catch (error) {
      failures.push(error);
    }
  if (files.length > 0 && failures.length === files.length) throw failures[0];
}

/**
 * Creates the key file of a new server, with the source that the settings name. Returns false if it exists. Throws
 * `vault-key-command-failed`, `vault-key-file-unusable`, `config-invalid`, `permissions-too-open`.
 */
export async function createVaultKeys({
  keyFile,
  passphraseFile,
  keyCommand,
}: VaultSettings): Promise<boolean> {
  const keys = new Keys({ keyFile, keyCommand });
  if (keys.ring() !== undefined) return false;
  if (passphraseFile !== undefined) await keys.add('passphrase', readPassphrase(passphraseFile));
  else if (keyCommand !== undefined) await keys.add('command', undefined);
  else await keys.current(true); // two processes that create it at once use the same key
  return true;
}

/**
 * Returns the key of request fingerprints. Derived, so that all replicas have the same one. After a rekey, a repeated request with an
 * old idempotency key is refused instead of being carried out twice.
 */
export async function requestKeyOf(keys: Keys): Promise<Buffer> {
  const { id, bytes } = await keys.current(false);
  return Buffer.from(hkdfSync('sha256', bytes, id, 'nf-escrow request fingerprints', 32));
}

/** Returns the passphrase in a file. Throws `config-invalid`, `permissions-too-open`, `path-conflict`. */
export function readPassphrase(path: string): Buffer {
  return Buffer.from(readSecretText(path, PASSPHRASE));
}
