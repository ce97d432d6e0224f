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
export async function openVaultKeys({ keyFile, passphraseFile, keyCommand }: VaultSettings): Promise<Keys> {
  const keys = new Keys({ keyFile, keyCommand, isFixed: true });
  if (keys.ring() === undefined)
    throw new EscrowError('vault-key-missing', `The vault key file "${keyFile}" does not exist.`, {
      hint: 'For a new server, run `nf-escrow serve init` once, and copy the file to the other replicas. Otherwise restore it from a backup.',
    });
  await unlockVaultKeys(keys, passphraseFile);
  return keys;
}

/** Reads the passphrase again, after a rekey with another one. Throws `passphrase-wrong`, `config-invalid`, `permissions-too-open`. */
export async function unlockVaultKeys(keys: Keys, passphraseFile: string | undefined): Promise<void> {
  if (passphraseFile !== undefined) await keys.unlock(readPassphrase(passphraseFile));
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

/** Throws unless values can be encrypted. */
export async function assertUnlocked(keys: Keys): Promise<void> {
  await keys.current(false);
}

/**
 * Returns the key of request fingerprints. Derived, so that all replicas have the same one. After a rekey, a repeated request with an
 * old idempotency key is refused instead of being carried out twice.
 */
export async function requestKeyOf(keys: Keys): Promise<Buffer> {
  const { id, bytes } = await keys.current(false);
  return Buffer.from(hkdfSync('sha256', bytes, id, 'nf-escrow request fingerprints', 32));
}

function readPassphrase(path: string): Buffer {
  return Buffer.from(readSecretText(path, PASSPHRASE));
}
