import { EscrowError } from '../errors.ts';
import { takeLock } from '../ledger/lock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/sqlite/open.ts';
import { ensurePrivateDirectory } from '../system/files/private-directory.ts';
import type { Purpose } from '../system/files/trust/trust-error.ts';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ledgerFileOf, type ServerSettings } from './configuration/server-settings.ts';

/** The ledger of a server. */
export interface ServerLedger {
  readonly ledger: Ledger;
  /** Returns whether a committed change can be lost with the database server. */
  readonly lacksSynchronousStandby: () => Promise<boolean>;
  close(): Promise<void>;
}

const STATE: Purpose = {
  what: 'state directory',
  variable: 'stateDirectory',
  example: 'nf-escrow-server',
};

/**
 * Opens the ledger of a server and migrates it. The only place that distinguishes SQLite and PostgreSQL. `isServer`: whether the
 * caller is a server, of which SQLite permits one, or a command beside it. Throws `ledger-unavailable`, `ledger-too-new`,
 * `ledger-corrupt`, `permissions-too-open`.
 */
export async function openServerLedger(
  settings: ServerSettings,
  log: Pick<Logger, 'info' | 'warn'>,
  { isServer }: { readonly isServer: boolean },
): Promise<ServerLedger> {
  if (settings.database.url !== undefined)
    throw new EscrowError('config-invalid', 'Cannot open the database: this version supports only SQLite.', {
      hint: 'Remove the database URL, or use a version with PostgreSQL.',
    });
  ensurePrivateDirectory(settings.stateDirectory, STATE);
  const lock = isServer ? takeServerLock(settings) : undefined;
  try {
    const ledger = await openLedger(ledgerFileOf(settings), (pending) => {
      if (pending === undefined) log.info('removed secrets are erased from all files of the ledger');
      else log.warn({ reason: pending }, 'removed secrets may still be in a file of the ledger; retrying');
    });
    return {
      ledger,
      lacksSynchronousStandby: () => Promise.resolve(false), // a commit is on the disk
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
