import type { VaultStatus } from '../contract/types.ts';
import { asEscrowError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { idOf } from './keys/key-ring.ts';
import { countSealedOtherwise, keysInUse } from './keys/rekey.ts';
import type { Vault } from './vault.ts';

/** Returns the state of the vault and where its key comes from. Decrypts nothing and does not run the key command. */
export async function vaultStatus(ledger: Ledger, vault: Vault): Promise<VaultStatus> {
  return { ...(await keyStatus(ledger, vault)), pendingErasure: ledger.erasure.pending ?? null };
}

async function keyStatus(ledger: Ledger, vault: Vault): Promise<Omit<VaultStatus, 'pendingErasure'>> {
  const used = await keysInUse(ledger.db);
  try {
    const ring = vault.keys.ring();
    if (ring === undefined) {
      const waiting = used.length === 0 ? 0 : await countSealedOtherwise(ledger.db, '');
      return {
        state: used.length === 0 ? 'empty' : 'unusable',
        source: null,
        key: null,
        pendingRekey: waiting,
      };
    }
    const [first] = ring;
    const key = idOf(first);
    const waiting = await countSealedOtherwise(ledger.db, key);
    const known = used.every((id) => ring.some((entry) => idOf(entry) === id));
    const state = !known
      ? 'unusable'
      : vault.keys.isLocked()
        ? 'locked'
        : used.length === 0
          ? 'empty'
          : 'open';
    // Only a server decrypts with a key service, and no server has this operation.
    if (first.source === 'kms') return { state: 'unusable', source: null, key, pendingRekey: waiting };
    return { state, source: first.source, key, pendingRekey: waiting };
  } catch (error) {
    // An unusable key file is a valid status. Any other error is not.
    if (asEscrowError(error).code === 'internal') throw error;
    return {
      state: 'unusable',
      source: null,
      key: null,
      pendingRekey: await countSealedOtherwise(ledger.db, ''),
    };
  }
}
