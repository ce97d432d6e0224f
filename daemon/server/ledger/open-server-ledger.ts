import type { Logger } from 'pino';
import type { ServerSettings } from '../configuration/server-settings.ts';
import type { ServerLedger } from './server-ledger.ts';

/**
 * Opens the ledger of a server and migrates it. The only place that distinguishes SQLite and PostgreSQL. `isServer`: whether
 * the caller is a server, of which SQLite permits only one, or a command that can run at the same time. Throws
 * `config-invalid`, `ledger-unavailable`, `ledger-denied`, `ledger-untrusted`, `ledger-too-new`, `ledger-corrupt`,
 * `permissions-too-open`.
 */
export async function openServerLedger(
  settings: ServerSettings,
  log: Pick<Logger, 'info' | 'warn'>,
  { isServer }: { readonly isServer: boolean },
): Promise<ServerLedger> {
  const { url } = settings.database;
  if (url !== undefined) return openPostgres(url, settings);
  const { openSqlite } = await import('./open-sqlite.ts');
  return openSqlite(settings, log, { isServer });
}

async function openPostgres(
  url: string,
  { database: { ownerUrl, caFile, poolSize } }: ServerSettings,
): Promise<ServerLedger> {
  const [{ openPostgresLedger }, { newestPostgresSchema }, { openRateLimits }, { deleteAsOwner }] =
    await Promise.all([
      import('../../ledger/postgres/open.ts'),
      import('../../ledger/postgres/migrate.ts'),
      import('../../ledger/postgres/rate-limits.ts'),
      import('../../ledger/postgres/delete-as-owner.ts'),
    ]);
  const ledger = await openPostgresLedger(url, { ownerUrl, caFile, connections: poolSize });
  const rateLimits = openRateLimits(url, caFile);
  return {
    ledger,
    schemaVersion: newestPostgresSchema,
    postgres: {
      compareCluster: () => ledger.compareCluster(),
      acceptCluster: (cluster) => ledger.acceptCluster(cluster),
      hasSynchronousStandby: () => ledger.hasSynchronousStandby(),
      describe: () => ledger.describe(),
      claims: (claimant, seconds) => ledger.claims(claimant, seconds),
      rateLimits,
    },
    deleteOldEvents: (before) => deleteAsOwner(ownerUrl ?? url, caFile, before),
    close: async () => {
      await rateLimits.pool.end();
      await ledger.close();
    },
  };
}
