import { rmSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { EscrowError } from '../errors.ts';
import { createFileAtomic } from '../system/files/atomic-write.ts';
import { pathError } from '../system/files/path-error.ts';
import type { Purpose } from '../system/files/trust/trust-error.ts';
import { openTrusted } from '../system/files/trust/trusted-path.ts';
import { createFirstAdministrator, newToken } from './administrator.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import { openServerLedger } from './open-server-ledger.ts';
import { createVaultKeys } from './vault-keys.ts';

/** What `serve init` has created. */
export interface Initialized {
  /** Undefined if the token is in a file. */
  readonly token: string | undefined;
  /** Whether the key file of the vault is new. */
  readonly hasNewKey: boolean;
}

const FILE: Purpose = { what: 'directory of the token', variable: '--token-file', example: 'token' };
const quiet = { info: () => undefined, warn: () => undefined };

/**
 * Creates the key file of a new server and its first administrator. `tokenFile`: where the token is written, with mode 0600; undefined:
 * it is returned. The file is written before the administrator exists: a token that is lost could not be replaced. Throws
 * `administrator-exists`, `path-conflict`, `permissions-too-open`, and errors of ledger and key.
 */
export async function initializeServer(
  settings: ServerSettings,
  tokenFile: string | undefined,
): Promise<Initialized> {
  const token = newToken();
  const store = await openServerLedger(settings, quiet, { isServer: false });
  try {
    const discard = tokenFile === undefined ? () => undefined : writeToken(resolve(tokenFile), token);
    try {
      // The process that loses against another one creates no key: the key of the other one would differ.
      const hasNewKey = await createFirstAdministrator(store.ledger, token, () =>
        createVaultKeys(settings.vault),
      );
      return { token: tokenFile === undefined ? token : undefined, hasNewKey };
    } catch (error) {
      discard();
      throw error;
    }
  } finally {
    await store.close();
  }
}

/** Writes a new file. Returns a function that deletes it. */
function writeToken(path: string, token: string): () => void {
  const directory = openTrusted({ path: dirname(path), purpose: FILE, need: 'unwritable' });
  if (directory === undefined)
    throw pathError(dirname(path), Object.assign(new Error('no such directory'), { code: 'ENOENT' }));
  try {
    if (!directory.use(basename(path), (entry) => createFileAtomic(entry, `${token}\n`)))
      throw new EscrowError('path-conflict', `Cannot write the token to "${path}": the file exists.`, {
        hint: 'Name another file with --token-file.',
      });
  } finally {
    directory.close();
  }
  return () => {
    rmSync(path, { force: true });
  };
}
