import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { systemCode } from '../../errors.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { commitUnknown, isConflict, isConnectionLost, isPlanOutdated, postgresError } from './errors.ts';
import { StatementNames } from './statement-names.ts';

/** The schema of all tables. Other roles cannot create functions or tables in it that would be called by mistake. */
export const SCHEMA = 'nf_escrow';

/** Limits of a pool, in connections and milliseconds. */
export interface PoolLimits {
  readonly connections: number;
  readonly connectMs: number;
  readonly statementMs: number;
  /** A process that is paused in a transaction loses its locks after this time. */
  readonly idleInTransactionMs: number;
}

export const poolLimits: PoolLimits = {
  connections: 20,
  connectMs: 10_000,
  statementMs: 30_000,
  idleInTransactionMs: 15_000,
};

const { builtins } = pg.types;

const parseTime = pg.types.getTypeParser(builtins.TIMESTAMPTZ) as (text: string) => Date;

/** Counts, positions and ids stay below 2^53. Times are text, as in SQLite. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [builtins.INT8]: Number,
  [builtins.NUMERIC]: Number,
  [builtins.TIMESTAMPTZ]: (text) => parseTime(text).toISOString(),
};

const types: pg.CustomTypesConfig = {
  getTypeParser: (id, format): ((value: string) => unknown) =>
    (format === 'binary' ? undefined : parsers[id]) ??
    (pg.types.getTypeParser(id, 'text') as (value: string) => unknown),
};

/** Returns the configuration of pg. */
export function poolConfig(settings: ConnectionSettings, limits: PoolLimits): pg.PoolConfig {
  const { host, port, database, user, password, ssl, applicationName } = settings;
  return {
    ...{ host, port, database, user, password, ssl, types },
    application_name: applicationName,
    options: `-c search_path=${SCHEMA},pg_temp`,
    max: limits.connections,
    connectionTimeoutMillis: limits.connectMs,
    statement_timeout: limits.statementMs,
    query_timeout: limits.statementMs + 5000, // of a server that does not respond
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    keepAlive: true,
    idleTimeoutMillis: 60_000,
  };
}

/** The connections of a ledger. Converts errors to those of the table, except for conflicts, which `write` retries. */
export class LedgerPool implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #title: string;
  readonly #prepared = new WeakSet<pg.PoolClient>();
  readonly #names = new StatementNames();

  constructor(settings: ConnectionSettings, limits: PoolLimits) {
    this.#title = settings.title;
    this.#pool = new pg.Pool(poolConfig(settings, limits));
    // The next query of a broken connection reports the error. Without listeners it would end the process.
    this.#pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw postgresError(this.#title, error);
    });
    const connection = new Connection(client, this.#title, this.#names);
    if (this.#prepared.has(client)) return connection;
    try {
      await connection.prepare();
    } catch (error) {
      client.release(true);
      throw error;
    }
    this.#prepared.add(client);
    return connection;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** One connection, from its reservation to its release. */
class Connection implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #title: string;
  readonly #names: StatementNames;
  #isLost = false;
  #mustClose = false;
  #isInTransaction = false;
  /** The first error since the reservation. The server ignores all further statements of its transaction. */
  #failure: Error | undefined;

  constructor(client: pg.PoolClient, title: string, names: StatementNames) {
    this.#client = client;
    this.#title = title;
    this.#names = names;
  }

  /** A commit must be durable before a response. Settings stricter than `on` are kept. */
  async prepare(): Promise<void> {
    await this.query(
      `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')`,
      [],
    );
  }

  query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query(): never;
  async query<R>(text = '', parameters: readonly unknown[] = []): Promise<PostgresQueryResult<R>> {
    if (text === 'rollback' && this.#isLost) return NOTHING; // an error here would hide that of the transaction
    let result;
    try {
      result = await this.#execute(text, parameters.map(storable));
    } catch (error) {
      throw this.#convert(text, error);
    }
    // The server responds to the commit of a failed transaction with the tag ROLLBACK, not with an error.
    if (text === 'commit' && result.command !== 'COMMIT')
      throw this.#failure ?? new Error('the server has rolled the transaction back');
    return result as unknown as PostgresQueryResult<R>;
  }

  release(): void {
    this.#client.release(this.#isLost || this.#mustClose);
  }

  /** A statement outside of a transaction is repeated if a migration has changed a table since the server planned it. */
  async #execute(text: string, values: unknown[]): Promise<pg.QueryResult> {
    if (text.startsWith('start transaction') || text === 'begin') this.#isInTransaction = true;
    const name = this.#names.of(text, values.length);
    try {
      return await this.#client.query(name === undefined ? { text, values } : { name, text, values });
    } catch (error) {
      if (!isPlanOutdated(error)) throw error;
      this.#mustClose = true; // it has further plans
      if (this.#isInTransaction) throw error; // which is repeated as a whole
      return this.#client.query(text, values);
    }
  }

  #convert(text: string, error: unknown): unknown {
    if (systemCode(error) === IN_FAILED_TRANSACTION && this.#failure !== undefined) return this.#failure;
    const isLost = isConnectionLost(error);
    this.#isLost ||= isLost;
    if (isLost && text === 'commit') return commitUnknown(this.#title, error);
    const converted = isConflict(error) ? error : postgresError(this.#title, error);
    if (converted instanceof Error) this.#failure ??= converted;
    return converted;
  }
}

/** SQLSTATE of statements that follow a failed one. */
const IN_FAILED_TRANSACTION = '25P02';

const NOTHING = { command: 'SELECT' as const, rowCount: 0, rows: [] };

/** Texts of PostgreSQL cannot contain NUL. UTF-8 has replaced lone surrogates by the same character. */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}
