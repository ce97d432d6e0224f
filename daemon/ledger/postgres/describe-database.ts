import { sql, type Kysely } from 'kysely';
import type { PostgresTables } from './tables.ts';

/** What administrators know of the database of a ledger. Times are ISO 8601 in UTC. */
export interface DatabaseDescription {
  readonly version: string;
  readonly sizeBytes: number;
  readonly archivesWal: boolean;
  readonly lastArchived: string | null;
  readonly lastArchiveFailure: string | null;
}

const ISO = sql.lit('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

/** Describes the database. Every role can read this: https://www.postgresql.org/docs/current/monitoring-stats.html */
export async function describeDatabase(db: Kysely<PostgresTables>): Promise<DatabaseDescription> {
  const { rows } = await sql<DatabaseDescription>`
    SELECT current_setting('server_version') AS version, pg_database_size(current_database())::float8 AS "sizeBytes",
        current_setting('archive_mode') <> 'off' AS "archivesWal",
        to_char(last_archived_time AT TIME ZONE 'UTC', ${ISO}) AS "lastArchived",
        to_char(last_failed_time AT TIME ZONE 'UTC', ${ISO}) AS "lastArchiveFailure"
      FROM pg_stat_archiver`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('the database does not describe itself');
  return row;
}
