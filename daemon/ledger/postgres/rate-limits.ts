import pg from 'pg';
import { connectionSettings } from './connection-settings.ts';
import { poolConfig, SCHEMA } from './pool.ts';

/** A slow answer would delay each request. The limits of the process apply instead. */
const LIMITS = { connections: 4, connectMs: 2000, statementMs: 2000, idleInTransactionMs: 2000 };

const TABLE = 'rate_limits';

/** Where replicas count requests, for RateLimiterPostgres of rate-limiter-flexible. */
export interface RateLimitStore {
  readonly pool: pg.Pool;
  readonly schemaName: string;
  readonly tableName: string;
}

/**
 * The table that rate-limiter-flexible defines. UNLOGGED, because counts may be lost, and a disk write for each request would
 * be slow. Columns have the order that its statements expect.
 */
export const rateLimits: readonly string[] = [
  `CREATE UNLOGGED TABLE ${TABLE} (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0,
     expire bigint)`,
  `CREATE INDEX rate_limits_by_expiry ON ${TABLE} (expire)`,
];

/** Opens separate connections for counts, so that requests that wait for the ledger do not delay the counts. */
export function openRateLimits(url: string, caFile: string | undefined): RateLimitStore {
  const pool = new pg.Pool(poolConfig(connectionSettings(url, caFile), LIMITS));
  // The next query of a broken connection reports the error. Without listeners it would end the process.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  return { pool, schemaName: SCHEMA, tableName: TABLE };
}
