// PostgreSQL with a synchronous standby, at an address that a failover moves.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, QueryResultRow } from 'pg';
import type { Test } from 'tap';
import { openPool } from '../../support/postgres-databases.ts';
import { MovableAddress, startPrimary, type PostgresNode } from '../../support/postgres-servers.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { MARKER } from '../team/ground.ts';

/** A commit waits for the standby. All of the write-ahead log is searched at the end. */
const SETTINGS = [
  ...['synchronous_standby_names=*', 'wal_keep_size=8GB', 'max_connections=200'],
  'wal_retrieve_retry_interval=200ms',
];
const DATABASE = 'postgres';
const RETRY_MS = 100;
/** A database that is not available for this time is an error. */
const WAIT_MS = 120_000;

export class Cluster {
  readonly address: MovableAddress;
  readonly database: Pool;
  #primary: PostgresNode;
  #standby: PostgresNode;
  readonly #another: () => PostgresNode;
  /** Faults happen one after another. */
  #last: Promise<void> = Promise.resolve();

  private constructor(
    address: MovableAddress,
    database: Pool,
    nodes: { primary: PostgresNode; standby: PostgresNode; another: () => PostgresNode },
  ) {
    this.address = address;
    this.database = database;
    this.#primary = nodes.primary;
    this.#standby = nodes.standby;
    this.#another = nodes.another;
  }

  /** Returns undefined without PostgreSQL or root. */
  static async start(t: Test): Promise<Cluster | undefined> {
    const { primary, another } = (await startPrimary(t, SETTINGS)) ?? {};
    if (primary === undefined || another === undefined) return undefined;
    writeFileSync(join(primary.host, MARKER), '');
    const address = await MovableAddress.open(t, join(temporaryDirectory(t), 'address'), primary);
    const database = openPool({ host: address.directory, user: 'escrow', database: DATABASE, max: 8 });
    t.teardown(() => database.end());
    const standby = await addStandby(primary, another);
    await isSynchronous(primary);
    return new Cluster(address, database, { primary, standby, another });
  }

  get url(): string {
    return this.address.url(DATABASE);
  }

  /** The directory with the data of all servers, also of those that were replaced. */
  get directory(): string {
    return this.#primary.host;
  }

  /** Where the primary listens. */
  get listening(): { readonly host: string; readonly port: number } {
    return { host: this.#primary.host, port: this.#primary.port };
  }

  /** Kills the primary and starts it again. */
  async crash(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#primary.stop('SIGKILL');
      await this.#primary.start();
    });
  }

  /** Kills the primary, promotes the standby, and adds another standby. Until then, no commit is acknowledged. */
  async failOver(): Promise<void> {
    await this.#inTurn(async () => {
      await isSynchronous(this.#primary);
      await this.#primary.stop('SIGKILL');
      await this.#standby.promote();
      this.#primary = this.#standby;
      this.address.move(this.#primary);
      this.#standby = await addStandby(this.#primary, this.#another);
      await isSynchronous(this.#primary);
    });
  }

  /** Queries the database. Repeats the query while the database is not available. `forMs`: for a shorter time, after which the result is undefined. */
  async query<Row extends QueryResultRow>(
    statement: string,
    values: readonly unknown[] = [],
    forMs = WAIT_MS,
  ): Promise<Row[] | undefined> {
    for (const end = performance.now() + forMs; ;) {
      try {
        return (await this.database.query<Row>(statement, [...values])).rows;
      } catch (error) {
        if (performance.now() > end) {
          if (forMs < WAIT_MS) return undefined;
          throw error;
        }
      }
      await sleep(RETRY_MS);
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const own = this.#last.then(work);
    this.#last = own.catch(() => undefined);
    await own;
  }
}

async function addStandby(primary: PostgresNode, another: () => PostgresNode): Promise<PostgresNode> {
  const standby = another();
  standby.copy(primary);
  await standby.start();
  return standby;
}

async function isSynchronous(primary: PostgresNode): Promise<void> {
  await until('a synchronous standby', async () => {
    const rows = await primary.query<{ sync_state: string }>('SELECT sync_state FROM pg_stat_replication');
    return rows.some(({ sync_state }) => sync_state === 'sync');
  });
}
