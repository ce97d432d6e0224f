import { join } from 'node:path';
import type { Test } from 'tap';
import { findWorkspace, type WorkspaceScope } from '../../daemon/access/scopes.ts';
import type { ErasureReport } from '../../daemon/ledger/sqlite/erasure/erasure.ts';
import type { Ledger } from '../../daemon/ledger/ledger.ts';
import type { VaultKey } from '../../daemon/vault/encryption.ts';
import { Keys } from '../../daemon/vault/keys/keys.ts';
import { Vault } from '../../daemon/vault/vault.ts';
import { openTestLedger } from './test-ledger.ts';
import { temporaryDirectory } from './temporary.ts';

export interface OpenedVault {
  readonly directory: string;
  /** The ledger's file. */
  readonly path: string;
  readonly ledger: Ledger;
  readonly vault: Vault;
  /** The workspace local/main. */
  readonly scope: WorkspaceScope;
  /** Returns the current key, which exists after the first encryption. */
  readonly key: () => Promise<VaultKey>;
}

/** Opens a ledger and its vault in this process and closes them after the test. */
export async function openVaultIn(
  t: Test,
  directory = temporaryDirectory(t),
  onErasure?: ErasureReport,
): Promise<OpenedVault> {
  const path = join(directory, 'ledger.db');
  const ledger = await openTestLedger(path, onErasure);
  t.teardown(() => ledger.close());
  const vault = new Vault(ledger, new Keys({ keyFile: join(directory, 'vault.key'), keyCommand: undefined }));
  const scope = await findWorkspace(ledger.db, 'local/main');
  return { directory, path, ledger, vault, scope, key: () => vault.keys.current(false) };
}
