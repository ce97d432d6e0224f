import type { Vault } from '../vault/vault.ts';
import type { SecretSource } from './source.ts';

/** Returns the source for the vault in this daemon's own ledger. */
export function vaultSource(vault: Vault): SecretSource {
  return {
    list: async (db, scope) =>
      (await vault.versions(db, scope)).map((version) => ({ ...version, scope: scope.kind })),
    open: (secretId, version) => vault.open(secretId, version),
    keeper: () => vault.keeper(),
  };
}
