import pg from 'pg';
import { connectionSettings } from './connection-settings.ts';
import { poolConfig, SCHEMA } from './pool.ts';

/** A slow answer would delay each request. The limits of the process apply instead. */
const LIMITS = { connections: 4, connectMs: 2000, statementMs: 2000, idleInTransactionMs: 2000 };

/** Where replicas count requests, for RateLimiterPostgres of rate-limiter-flexible. */
export const rateLimitTable = { schemaName: SCHEMA, tableName: 'rate_limits' } as const;

/**
 * The table that rate-limiter-flexible defines. UNLOGGED: counts need no disk write at each request, and may be lost. Columns have the order
 * that its statements expect.
 */
export const rateLimits: readonly string[] = [
  `CREATE UNLOGGED TABLE ${rateLimitTable.tableName} (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0,
     expire bigint)`,
  `CREATE INDEX rate_limits_by_expiry ON ${rateLimitTable.tableName} (expire)`,
];

/** Opens connections of their own for counts, so that requests that wait for the ledger do not delay them. */
export function openRateLimitPool(url: string, caFile: string | undefined): pg.Pool {
  const pool = new pg.Pool(poolConfig(connectionSettings(url, caFile), LIMITS));
  // The next query of a broken connection reports the error. Without listeners it would end the process.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
