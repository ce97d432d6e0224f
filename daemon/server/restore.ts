import { SERVER_PLACE } from '../access/places.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import { record } from '../ledger/journal.ts';
import type { Queries } from '../ledger/ledger.ts';
import { raiseVersions } from '../vault/next-version.ts';
import { operatorName } from './accounts/operator.ts';
import { requestSweep } from './sweep-lost.ts';
import type { ServerSettings } from './configuration/server-settings.ts';
import { openServerLedger } from './ledger/open-server-ledger.ts';
import { quietLog } from './quiet-log.ts';

/** More versions of one name than are set between two backups. */
const VERSION_MARGIN = 10_000;

/** What `serve restore` has changed. */
export interface Restored {
  readonly revokedTokens: number;
}

/**
 * Prepares a ledger for use that was restored from a backup. Such a ledger does not contain changes that were made after the
 * backup. All tokens are therefore revoked, because some may have been revoked after the backup, and sessions, links and invitations end. Version numbers are raised, so
 * that none is used twice. The servers then search for secrets in AWS that the ledger
 * does not contain. Stores the cluster of the database. No server may run. Idempotent. Throws errors of the ledger.
 */
export async function restoreServer(settings: ServerSettings): Promise<Restored> {
  const store = await openServerLedger(settings, quietLog, { isServer: true });
  try {
    const { ledger, postgres } = store;
    const restored = await ledger.write(async (db) => {
      const revokedTokens = await revokeAllTokens(db);
      await endSignIns(db);
      await raiseVersions(db, VERSION_MARGIN);
      // A repeated request would get the response of a change that the backup may not contain.
      await db.deleteFrom('idempotency_keys').execute();
      await requestSweep(db, ledger.clock.now());
      const data = { tokens: revokedTokens, versions: VERSION_MARGIN };
      await record(db, { type: 'server.restored', by: operatorName(), data, place: SERVER_PLACE });
      return { revokedTokens };
    });
    // Last, so that the warning that the cluster has changed remains if the process crashes before.
    if (postgres !== undefined) await postgres.acceptCluster((await postgres.compareCluster()).current);
    return restored;
  } finally {
    await store.close();
  }
}

/** Some may have been used or ended after the backup. */
async function endSignIns(db: Queries): Promise<void> {
  for (const table of ['user_sessions', 'sign_in_links', 'device_logins', 'invitations'] as const)
    await db.deleteFrom(table).execute();
}

async function revokeAllTokens(db: Queries): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('tokens')
    .set({ revoked_at: ledgerTime(db) })
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}
