import type { Logger } from 'pino';
import type { ReadinessWarning } from '../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { schemaVersionOf } from '../../ledger/schema-version.ts';
import type { ServerLedger } from './server-ledger.ts';

/** A server of the old version must stop soon after a migration, because it does not write new columns. */
const SCHEMA_MS = 5000;
const CLUSTER_MS = 60_000;

/** What a watch calls, and its intervals in milliseconds, which tests shorten. */
interface Options {
  /** Called once, after a newer nf-escrow has migrated the ledger. */
  readonly onNewer: () => void;
  readonly schemaMs?: number;
  readonly clusterMs?: number;
}

type Store = Pick<ServerLedger, 'schemaVersion' | 'postgres'> & {
  readonly ledger: Pick<ServerLedger['ledger'], 'db'>;
};

/** Watches a ledger for what other processes and its administrators change: its schema, and the cluster of the database. */
export class LedgerWatch {
  readonly #store: Store;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #options: Options;
  readonly #timers: NodeJS.Timeout[] = [];
  #newer: number | undefined;
  #isOtherCluster = false;

  constructor(store: Store, log: Pick<Logger, 'warn'>, options: Options) {
    this.#store = store;
    this.#log = log;
    this.#options = options;
  }

  /** Compares both now, then at intervals. */
  async start(): Promise<void> {
    await this.#compareSchema();
    await this.#compareCluster();
    const { schemaMs = SCHEMA_MS, clusterMs = CLUSTER_MS } = this.#options;
    this.#timers.push(
      setInterval(() => void this.#compareSchema(), schemaMs).unref(),
      setInterval(() => void this.#compareCluster(), clusterMs).unref(),
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Throws `not-ready` after a newer nf-escrow has migrated the ledger. Final: only a newer program can use it. */
  readonly assertUsable = (): void => {
    if (this.#newer !== undefined)
      throw new EscrowError(
        'not-ready',
        `The server cannot serve requests: a newer nf-escrow has migrated the ledger to schema version ${String(this.#newer)}.`,
        { hint: 'Upgrade this server, then restart it.' },
      );
  };

  /** Returns the conditions that need attention. */
  async warnings(): Promise<ReadinessWarning[]> {
    const { postgres } = this.#store;
    if (postgres === undefined) return []; // a commit is on the disk
    return [
      ...(this.#isOtherCluster ? (['database-cluster-changed'] as const) : []),
      ...((await postgres.hasSynchronousStandby()) ? [] : (['no-synchronous-standby'] as const)),
    ];
  }

  async #compareSchema(): Promise<void> {
    if (this.#newer !== undefined) return;
    try {
      const version = await schemaVersionOf(this.#store.ledger.db);
      if (version <= this.#store.schemaVersion) return;
      this.#newer = version;
      this.#log.warn({ version }, 'a newer nf-escrow has migrated the ledger; serving no requests');
      this.#options.onNewer();
    } catch {
      return; // the ledger is unavailable: readiness reports it, and the next comparison finds the version
    }
  }

  /** Rows that were committed before a failover or a restore may be missing, so that secrets may exist that no row names. */
  async #compareCluster(): Promise<void> {
    const { postgres } = this.#store;
    if (postgres === undefined) return;
    try {
      const { changed, current, stored } = await postgres.compareCluster();
      if (changed && !this.#isOtherCluster)
        this.#log.warn(
          { current, stored },
          'the database cluster has changed; after a restore from a backup, stop all servers and run `nf-escrow serve restore`',
        );
      this.#isOtherCluster = changed;
    } catch (error) {
      const { code, message } = asEscrowError(error);
      this.#log.warn({ code, reason: message }, 'cannot compare the database cluster; retrying');
    }
  }
}
