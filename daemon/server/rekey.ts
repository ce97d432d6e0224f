import { SERVER_PLACE } from '../access/places.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { step, type FaultInjector } from '../system/steps.ts';
import { choosePreparedKey, chosenKey, prepareKey, preparedKey } from '../vault/keys/chosen-key.ts';
import type { KeySource } from '../vault/keys/key-ring.ts';
import { assertKeysAvailable, finishRekey } from '../vault/keys/rekey.ts';
import { Vault } from '../vault/vault.ts';
import { operatorName } from './accounts/operator.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import { openServerLedger } from './ledger/open-server-ledger.ts';
import { quietLog } from './quiet-log.ts';
import { countReplicas } from './replica-keys.ts';
import { openVaultKeys, readPassphrase } from './vault-keys.ts';

/*
 * A rekey of a server has two parts, between which the operator copies the key file to all replicas: each of them must be able to
 * decrypt with both keys before one encrypts with the new one.
 */

/** The new key of a rekey. */
export interface NewKey {
  readonly source: KeySource;
  /** For a key from a passphrase. */
  readonly passphraseFile: string | undefined;
  /** For a key from AWS KMS: the key that encrypts it. Undefined: that of the settings. */
  readonly kmsKeyId?: string | undefined;
}

/**
 * Adds a new key to the key file of this host, which encrypts nothing yet. Returns its id and that of the ledger. Throws `state-conflict` if a key is prepared
 * already, errors of keys and of the ledger.
 */
export async function prepareRekey(
  settings: ServerSettings,
  { source, passphraseFile, kmsKeyId = settings.vault.kmsKeyId }: NewKey,
  faults: FaultInjector,
): Promise<{ readonly id: string; readonly ledger: string }> {
  const passphrase = passphraseFile === undefined ? undefined : readPassphrase(passphraseFile);
  return withVault({ ...settings, vault: { ...settings.vault, kmsKeyId } }, async (ledger, vault) => {
    const known = await preparedKey(ledger.db);
    if (known !== undefined && (await vault.keys.usable()).includes(known))
      throw new EscrowError(
        'state-conflict',
        `Cannot prepare a new vault key: key ${known} is already prepared.`,
        {
          hint: 'Copy the key file to all replicas, then run `nf-escrow serve rekey activate`.',
        },
      );
    await assertKeysAvailable(ledger, vault);
    return step(faults, 'rekey.add-key', async () => {
      const { id } = await vault.keys.prepare(source, passphrase);
      await ledger.write((db) => prepareKey(db, id));
      return { id, ledger: ledger.id };
    });
  });
}

/**
 * Encrypts all values with the prepared key, once all running replicas can use it. Returns the number of values, and whether the
 * previous key is still in the key file of this host. Completes an activation that was interrupted. Throws `state-conflict`, errors of
 * keys and of the ledger.
 */
export async function activateRekey(
  settings: ServerSettings,
  faults: FaultInjector,
): Promise<{ readonly values: number; readonly keepsPrevious: boolean }> {
  return withVault(settings, async (ledger, vault) => {
    const prepared = await preparedKey(ledger.db);
    if (prepared !== undefined) await activate(ledger, vault, prepared, faults);
    else if ((await chosenKey(ledger.db)) === undefined)
      throw new EscrowError('state-conflict', 'Cannot rekey the vault: no key is prepared.', {
        hint: 'Run `nf-escrow serve rekey prepare` first.',
      });
    const values = await finishRekey(ledger, vault, faults);
    return { values, keepsPrevious: (vault.keys.ring()?.length ?? 0) > 1 };
  });
}

async function activate(ledger: Ledger, vault: Vault, id: string, faults: FaultInjector): Promise<void> {
  const key = await vault.keys.get(id);
  await assertKeysAvailable(ledger, vault);
  const { running, without } = await countReplicas(ledger, id);
  if (without > 0)
    throw new EscrowError(
      'state-conflict',
      `Cannot use the new vault key ${id}: ${String(without)} of ${String(running)} running replicas do not have it.`,
      { hint: 'Copy the key file to these replicas and reload them, then try again after 20 s.' },
    );
  await step(faults, 'rekey.activate', () =>
    ledger.write(async (db) => {
      await choosePreparedKey(db, key.id);
      const data = { key: key.id };
      await record(db, { type: 'vault.rekeyed', by: operatorName(), data, place: SERVER_PLACE });
    }),
  );
}

async function withVault<T>(
  settings: ServerSettings,
  work: (ledger: Ledger, vault: Vault) => Promise<T>,
): Promise<T> {
  const keys = await openVaultKeys(settings.vault);
  const store = await openServerLedger(settings, quietLog, { isServer: false });
  try {
    keys.bindTo(store.ledger.id);
    return await work(store.ledger, new Vault(store.ledger, keys));
  } finally {
    await store.close();
  }
}
