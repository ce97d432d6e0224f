import { assertOrganizationName, assertUserName } from './accounts/assert-input.ts';
import { createFirstAdministrator, type FirstAdministrator } from './accounts/create-accounts.ts';
import { TokenFile } from './accounts/token-file.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import { openServerLedger } from './ledger/open-server-ledger.ts';
import { quietLog } from './quiet-log.ts';
import { createVaultKeys } from './vault-keys.ts';

/** What `serve init` has created. */
export interface Initialized {
  /** Undefined if the token is in a file. */
  readonly token: string | undefined;
  /** Whether the key file of the vault is new. */
  readonly hasNewKey: boolean;
  /** The id of the ledger, which AWS KMS gets as encryption context. */
  readonly ledger: string;
}

/**
 * Creates the key file of a new server and its first administrator. `tokenFile`: where the token is written, with mode 0600; undefined:
 * it is returned. File and key are written before the administrator exists: a transaction that fails leaves at most a key that the next
 * attempt uses. Throws `administrator-exists`, `name-taken`, `path-conflict`, `permissions-too-open`, `usage`, and errors of ledger and
 * key.
 */
export async function initializeServer(
  settings: ServerSettings,
  administrator: FirstAdministrator,
  tokenFile: string | undefined,
): Promise<Initialized> {
  assertUserName(administrator.name);
  assertOrganizationName(administrator.organization);
  const file = tokenFile === undefined ? undefined : new TokenFile(tokenFile);
  const store = await openServerLedger(settings, quietLog, { isServer: false });
  let hasNewKey = false;
  try {
    const token = await store.ledger.write(async (db) => {
      // First, so that a process that fails here has written nothing: its key would differ from that of the process that
      // succeeds.
      const text = await createFirstAdministrator(db, administrator);
      file?.write(text);
      hasNewKey = (await createVaultKeys(settings.vault, store.ledger.id)) || hasNewKey; // the transaction can run again
      return text;
    });
    return { token: file === undefined ? token : undefined, hasNewKey, ledger: store.ledger.id };
  } catch (error) {
    file?.discard();
    throw error;
  } finally {
    await store.close();
  }
}
