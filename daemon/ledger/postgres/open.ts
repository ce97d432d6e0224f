import { EventEmitter } from 'node:events';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import { systemClock } from '../../system/time/clock.ts';
import { withFragments } from '../fragments.ts';
import type { Ledger } from '../ledger.ts';
import type { Tables } from '../tables.ts';
import {
  acceptCluster,
  compareCluster,
  hasSynchronousStandby,
  type Cluster,
  type ClusterComparison,
} from './cluster.ts';
import { Claims } from './claims.ts';
import { connectionSettings } from './connection-settings.ts';
import { describeDatabase, type DatabaseDescription } from './describe-database.ts';
import { DatabaseClock } from './database-clock.ts';
import { nextEpoch } from './epoch.ts';
import { postgresFeed } from './feed.ts';
import { postgresFragments } from './fragments.ts';
import { migratePostgres } from './migrate.ts';
import { LedgerPool, poolLimits, type PoolLimits } from './pool.ts';
import { RemoteChanges } from './remote-changes.ts';
import type { PostgresTables } from './tables.ts';
import { retryingWrite, type Isolation } from './write.ts';

/** A ledger that several processes share. */
export interface PostgresLedger extends Ledger {
  /** Compares the database cluster with that of the last `acceptCluster`. It differs after a failover or a restore. */
  compareCluster(): Promise<ClusterComparison>;
  /** Stores the cluster, once everything that its change requires is done. */
  acceptCluster(cluster: Cluster): Promise<void>;
  /** Returns whether a commit waits for a standby, so that a failover to it loses no committed change. */
  hasSynchronousStandby(): Promise<boolean>;
  /** Describes the database for administrators. */
  describe(): Promise<DatabaseDescription>;
  /** Returns the claims of this process. `claimant` names it, for people who read the rows. */
  claims(claimant: string, seconds?: number): Claims;
}

/** How to open a ledger on PostgreSQL. */
export interface PostgresOptions extends Partial<PoolLimits> {
  /** Database URL of the role that owns the schema, if the ledger is used with another role. Used for migrations only. */
  readonly ownerUrl?: string | undefined;
  /** File with the certificate authorities of the server, unless the database URL names one. */
  readonly caFile?: string | undefined;
}

/**
 * Opens the ledger in a PostgreSQL database (13 or later), and migrates it to the newest schema version. Any number of
 * processes can use it at the same time. Throws `config-invalid`, `ledger-denied`, `ledger-too-new`, `ledger-unavailable`,
 * `ledger-untrusted`. No message contains the password in the database URL.
 */
export async function openPostgresLedger(
  url: string,
  { ownerUrl = url, caFile, ...changed }: PostgresOptions = {},
): Promise<PostgresLedger> {
  const limits = { ...poolLimits, ...changed };
  const settings = connectionSettings(url, caFile);
  await migratePostgres(connectionSettings(ownerUrl, caFile), limits);
  const dialect = new PostgresDialect({ pool: new LedgerPool(settings, limits) });
  const own = new Kysely<PostgresTables>({ dialect: withFragments(dialect, postgresFragments) });
  // Its tables have all columns of the ledger's. Rows of `selectAll` have more, which their readers ignore.
  const db = own as unknown as Kysely<Tables>;
  const clock = new DatabaseClock(own, systemClock.monotonic);
  const changes = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  const feed = postgresFeed(own);
  const remote = new RemoteChanges(feed, changes);
  let count = 0;
  const writeOwn = async <T>(
    work: (transaction: Transaction<PostgresTables>) => Promise<T>,
    isolation?: Isolation,
  ): Promise<T> => {
    const result = await retryingWrite(own, settings.title, work, isolation);
    count += 1;
    changes.emit('change');
    return result;
  };
  try {
    const { value: id } = await db
      .selectFrom('meta')
      .select('value')
      .where('key', '=', 'ledger')
      .executeTakeFirstOrThrow();
    await clock.start();
    remote.start();
    return {
      ...{ db, id, isShared: true, feed, clock, changes },
      get commits() {
        return count;
      },
      claim: () => writeOwn(nextEpoch),
      erasure: { pending: undefined },
      write: (work) => writeOwn((transaction) => work(transaction as unknown as Transaction<Tables>)),
      compareCluster: () => compareCluster(own),
      acceptCluster: (cluster) => acceptCluster(own, cluster),
      hasSynchronousStandby: () => hasSynchronousStandby(own),
      describe: () => describeDatabase(own),
      claims: (claimant, seconds) => new Claims(writeOwn, claimant, seconds),
      close: async () => {
        clock.stop();
        await remote.stop();
        await own.destroy();
      },
    };
  } catch (error) {
    clock.stop();
    await own.destroy();
    throw error;
  }
}
