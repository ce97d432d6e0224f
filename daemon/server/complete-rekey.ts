import type { Logger } from 'pino';
import { asEscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { FaultInjector } from '../system/steps.ts';
import { finishRekey } from '../vault/keys/rekey.ts';
import type { Vault } from '../vault/vault.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import { unlockVaultKeys } from './vault-keys.ts';

type Log = Pick<Logger, 'warn'>;

/** Encrypts what other replicas have encrypted with an old key, and removes that key from the key file once it is safe. Never rejects. */
export async function completeRekey(
  ledger: Ledger,
  vault: Vault,
  faults: FaultInjector,
  log: Log,
): Promise<void> {
  await attempt('cannot complete the rekey of the vault', log, () => finishRekey(ledger, vault, faults));
}

/** Reads the passphrase again, after a rekey with another one. Never rejects. */
export async function unlockAgain(
  { keys }: Vault,
  settings: ServerSettings['vault'],
  log: Log,
): Promise<void> {
  await attempt('cannot unlock the vault', log, () => unlockVaultKeys(keys, settings));
}

/** The server continues: requests that need the key report the reason, and the next reload or start tries again. */
async function attempt(failure: string, log: Log, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, message } = asEscrowError(error);
    log.warn({ code, reason: message }, failure);
  }
}
