import type { ColumnType, Generated } from 'kysely';
import type { Tables } from '../tables.ts';

/** Columns of rows that processes claim (`claims.ts`). */
interface ClaimColumns {
  claimed_by: ColumnType<string | null, string | null | undefined, string | null>;
  claimed_until: ColumnType<string | null, string | null | undefined, string | null>;
  /** Raised at each claim. */
  fence: Generated<number>;
}

/** The tables of a ledger on PostgreSQL. */
export interface PostgresTables extends Omit<Tables, 'journal' | 'leases' | 'deliveries'> {
  /** `feed_seq` is the position in the feed, null until the sequencer has set it. */
  journal: Tables['journal'] & { feed_seq: number | null };
  journal_feed: { last: number };
  leases: Tables['leases'] & ClaimColumns;
  deliveries: Tables['deliveries'] & ClaimColumns;
  /** Work that is not a row of another table, such as a sweep. */
  shared_work: { id: string } & ClaimColumns;
}
