import type { Ledger } from '../../ledger/ledger.ts';
import type { PostgresLedger } from '../../ledger/postgres/open.ts';
import type { RateLimitStore } from '../../ledger/postgres/rate-limits.ts';

/** The ledger of a server. */
export interface ServerLedger {
  readonly ledger: Ledger;
  /** The schema version that this nf-escrow reads and writes. */
  readonly schemaVersion: number;
  /** What only a ledger on PostgreSQL has. */
  readonly postgres: PostgresParts | undefined;
  /** Deletes events before a time, a limited number at once, and returns how many (`ledger/old-events.ts`). */
  deleteOldEvents(before: string): Promise<number>;
  close(): Promise<void>;
}

/** What a server needs of PostgreSQL besides the ledger. */
interface PostgresParts extends Pick<
  PostgresLedger,
  'compareCluster' | 'acceptCluster' | 'hasSynchronousStandby' | 'describe' | 'claims'
> {
  /** Where replicas count requests. */
  readonly rateLimits: RateLimitStore;
}
