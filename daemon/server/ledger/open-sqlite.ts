import { join } from 'node:path';
import type { Logger } from 'pino';
import { EscrowError } from '../../errors.ts';
import { takeLock } from '../../ledger/lock.ts';
import { newestSqliteSchema } from '../../ledger/sqlite/migrate.ts';
import { openLedger } from '../../ledger/sqlite/open.ts';
import { ensurePrivateDirectory } from '../../system/files/private-directory.ts';
import type { Purpose } from '../../system/files/trust/trust-error.ts';
import { ledgerFileOf, type ServerSettings } from '../configuration/server-settings.ts';
import { deleteOldEvents } from '../../ledger/old-events.ts';
import type { ServerLedger } from './server-ledger.ts';

const STATE: Purpose = {
  what: 'state directory',
  variable: 'stateDirectory',
  example: 'nf-escrow-server',
};

/** Opens the SQLite ledger in the state directory. `isServer`: the caller is the one server that may use it. */
export async function openSqlite(
  settings: ServerSettings,
  log: Pick<Logger, 'info' | 'warn'>,
  { isServer }: { readonly isServer: boolean },
): Promise<ServerLedger> {
  ensurePrivateDirectory(settings.stateDirectory, STATE);
  const lock = isServer ? takeServerLock(settings) : undefined;
  try {
    const ledger = await openLedger(ledgerFileOf(settings), (pending) => {
      if (pending === undefined) log.info('removed secrets are erased from all files of the ledger');
      else log.warn({ reason: pending }, 'removed secrets may still be in a file of the ledger; retrying');
    });
    return {
      ledger,
      schemaVersion: newestSqliteSchema,
      postgres: undefined,
      deleteOldEvents: (before) => ledger.write((db) => deleteOldEvents(db, before)),
      close: async () => {
        await ledger.close();
        lock?.release();
      },
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function takeServerLock({ stateDirectory }: ServerSettings): { release(): void } {
  const lock = takeLock(join(stateDirectory, 'server.lock'));
  if (lock !== undefined) return lock;
  throw new EscrowError(
    'ledger-unavailable',
    `Cannot open the ledger in "${stateDirectory}": another server uses it.`,
    { hint: 'Stop the other server. Several servers need PostgreSQL.' },
  );
}
