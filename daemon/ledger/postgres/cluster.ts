import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { PostgresTables } from './tables.ts';

/** Identifies the history of a database cluster. */
export interface Cluster {
  /** Differs between clusters that `initdb` created. */
  readonly systemIdentifier: string;
  /** Raised by each promotion of a standby and each point-in-time recovery. */
  readonly timeline: number;
}

/** `changed`: rows that were committed before may be missing, so objects may exist that no row names. */
export interface ClusterComparison {
  readonly current: Cluster;
  readonly stored: Cluster | undefined;
  readonly changed: boolean;
}

const KEY = 'cluster';

/**
 * Compares the cluster of a ledger with that of its last `acceptCluster`. It differs after a failover and after a restore. A
 * new ledger has no stored cluster, and stores the current one.
 */
export async function compareCluster(db: Kysely<PostgresTables>): Promise<ClusterComparison> {
  const current = await currentCluster(db);
  const row = await db.selectFrom('meta').select('value').where('key', '=', KEY).executeTakeFirst();
  if (row === undefined) {
    await store(db, current);
    return { current, stored: undefined, changed: false };
  }
  const stored = JSON.parse(row.value) as Cluster;
  const changed =
    stored.systemIdentifier !== current.systemIdentifier || stored.timeline !== current.timeline;
  return { current, stored, changed };
}

/** Stores the cluster. Call it once everything that a change requires is done, so that a crash before repeats it. */
export async function acceptCluster(db: Kysely<PostgresTables>, cluster: Cluster): Promise<void> {
  await store(db, cluster);
}

/**
 * Returns whether commits wait for a standby. The setting decides: while no standby is connected, they wait for one. Unlike
 * `pg_stat_replication`, every role can read it. https://www.postgresql.org/docs/current/warm-standby.html#SYNCHRONOUS-REPLICATION
 */
export async function hasSynchronousStandby(db: Kysely<PostgresTables>): Promise<boolean> {
  const { rows } = await sql<{ names: string }>`
    SELECT current_setting('synchronous_standby_names') AS names`.execute(db);
  return (rows[0]?.names ?? '').trim() !== '';
}

/** The name of the segment that is written now begins with the timeline. `pg_control_checkpoint` has it only after a checkpoint. */
async function currentCluster(db: Kysely<PostgresTables>): Promise<Cluster> {
  const { rows } = await sql<{ id: string; timeline: string }>`
    SELECT system_identifier::text AS id, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS timeline
      FROM pg_control_system()`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('the server does not report its system identifier');
  return { systemIdentifier: row.id, timeline: Number.parseInt(row.timeline, 16) };
}

async function store(db: Kysely<PostgresTables>, cluster: Cluster): Promise<void> {
  const value = JSON.stringify(cluster);
  await db
    .insertInto('meta')
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
