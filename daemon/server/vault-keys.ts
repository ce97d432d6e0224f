import type { ReadinessWarning } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { readSecretText } from '../system/files/secret-file.ts';
import type { Purpose } from '../system/files/trust/trust-error.ts';
import type { OpenKeyService } from '../vault/keys/key-service.ts';
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
 * values of the others. The caller binds the keys to the ledger before it uses them (`Keys.bindTo`). Throws `vault-key-missing`,
 * `passphrase-wrong` and other errors of keys.
 */
export async function openVaultKeys(settings: VaultSettings): Promise<Keys> {
  const { keyFile } = settings;
  const keys = keysOf(settings, true);
  if (keys.ring() === undefined)
    throw new EscrowError('vault-key-missing', `The vault key file "${keyFile}" does not exist.`, {
      hint: 'For a new server, run `nf-escrow serve init` once, and copy the file to the other replicas. Otherwise restore it from a backup.',
    });
  await unlockVaultKeys(keys, settings);
  return keys;
}

/** AWS KMS is loaded only for a key that it encrypts. */
function keysOf(settings: VaultSettings, isFixed: boolean): Keys {
  const { keyFile, keyCommand } = settings;
  const openService: OpenKeyService = async () => {
    const { KmsService } = await import('./aws/kms-service.ts');
    return new KmsService(settings);
  };
  return new Keys({ keyFile, keyCommand, isFixed, openService });
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
 * Creates the key file of a new server, with the source that the settings name. `ledger`: the id of the ledger. Returns false if it
 * exists. Throws `vault-key-command-failed`, `vault-kms-failed`, `vault-key-file-unusable`, `config-invalid`, `permissions-too-open`.
 */
export async function createVaultKeys(settings: VaultSettings, ledger: string): Promise<boolean> {
  const { passphraseFile, keyCommand, kmsKeyId } = settings;
  const keys = keysOf(settings, false);
  if (keys.ring() !== undefined) return false;
  keys.bindTo(ledger);
  if (passphraseFile !== undefined) await keys.add('passphrase', readPassphrase(passphraseFile));
  else if (keyCommand !== undefined) await keys.add('command', undefined);
  else if (kmsKeyId !== undefined) await keys.add('kms', undefined);
  else await keys.current(true); // two processes that create it at once use the same key
  return true;
}

/** Returns a warning if the settings name a key of AWS KMS, and no key of the vault comes from there. */
export function warnAboutKms(keys: Keys, { kmsKeyId }: VaultSettings): readonly ReadinessWarning[] {
  if (kmsKeyId === undefined || (keys.ring() ?? []).some(({ source }) => source === 'kms')) return [];
  return ['vault-key-not-from-kms'];
}

/** Returns the passphrase in a file. Throws `config-invalid`, `permissions-too-open`, `path-conflict`. */
export function readPassphrase(path: string): Buffer {
  return Buffer.from(readSecretText(path, PASSPHRASE));
}
