import type { EventEmitter } from 'node:events';
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../system/time/clock.ts';
import type { Feed } from './feed.ts';
import type { Tables } from './tables.ts';

/** The database, and the id that its encrypted values are bound to. */
export interface Ledger {
  /** For queries. Changes go through `write`. */
  readonly db: Kysely<Tables>;
  readonly id: string;
  /** Whether several processes can use the ledger at the same time. */
  readonly isShared: boolean;
  /** All events of the journal. */
  readonly feed: Feed;
  /**
   * The clock of what several processes share, such as claims and expiries: that of the database, or that of this machine if
   * only one process uses the ledger.
   */
  readonly clock: Pick<Clock, 'now'>;
  /**
   * Emits `change` once after each commit, for readers that follow the journal. On PostgreSQL, commits of other processes are
   * noticed too, within a second.
   */
  readonly changes: EventEmitter<{ change: [] }>;
  /** The number of commits since the ledger was opened. Changes before a write resolves. */
  readonly commits: number;
  /**
   * Takes an SQLite ledger over for this daemon and returns the new epoch. From then on every write fails with
   * `daemon-on-other-host`, and calls `onLost`, if another daemon has taken over. On PostgreSQL, several processes write at the
   * same time: each has a different epoch, and no write fails. They claim shared work (`postgres/claims.ts`).
   */
  claim(onLost: () => void): Promise<number>;
  /** `pending`: why removed values may still be in a file of the ledger, or undefined if they are erased. */
  readonly erasure: { readonly pending: string | undefined };
  /**
   * Runs `work` in a transaction. Its changes are atomic, and durable when the promise resolves. On PostgreSQL, `work` runs again
   * if a concurrent transaction is in conflict with it, so it must not have effects outside of the transaction that cannot be
   * repeated. `ledger-unavailable` can mean that the connection was lost during the commit: the changes may exist.
   */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type { Queries } from './queries.ts';
