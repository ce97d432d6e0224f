import type { Kysely, Transaction } from 'kysely';
import type Database from 'libsql';
import { Backoff } from '../../../system/time/backoff.ts';
import { messageOf } from '../errors.ts';
import type { Tables } from '../../tables.ts';
import { removeCopies } from './copies.ts';
import { compactSealedValues, COMPACT_AFTER } from './sealed-values.ts';
import { truncateWal } from './truncate-wal.ts';

const RETRY_PAUSES = { first: 100, longest: 30_000 };
/** Interval between checks for expired backups of the ledger. */
const EXPIRY_MS = 3600 * 1000;

/** Receives why removed values may still be in a file of the ledger, or undefined once they are erased. */
export type ErasureReport = (pending: string | undefined) => void;

/**
 * Erases removed and replaced encrypted values from the write-ahead log and from the backups of migrations. A request that
 * removes a value returns after the erasure. If the erasure fails, for example because another process reads the ledger,
 * the request returns too, and the erasure is retried with exponential backoff, also by the next daemon.
 */
export class Erasure {
  readonly #db: Kysely<Tables>;
  readonly #database: Database.Database;
  readonly #path: string;
  readonly #write: (work: (db: Transaction<Tables>) => Promise<void>) => Promise<void>;
  readonly #report: ErasureReport;
  #removals = -1;
  #compactAt = 0;
  #pending: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #backoff = new Backoff(RETRY_PAUSES);
  #expiry: NodeJS.Timeout | undefined;
  /** All background work; never rejects. */
  #background: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** `write` runs the compaction in a transaction of the ledger. */
  constructor(
    db: Kysely<Tables>,
    database: Database.Database,
    path: string,
    write: (work: (db: Transaction<Tables>) => Promise<void>) => Promise<void>,
    report: ErasureReport,
  ) {
    this.#db = db;
    this.#database = database;
    this.#path = path;
    this.#write = write;
    this.#report = report;
  }

  /** Why removed values may still be in a file of the ledger, or undefined if they are erased. */
  get pending(): string | undefined {
    return this.#pending;
  }

  /** Erases what an earlier daemon could not, then deletes expired backups every hour. Idempotent. */
  start(): void {
    this.#eraseNow();
    this.#expiry ??= setInterval(() => this.#eraseLater(), EXPIRY_MS).unref();
  }

  /** Stops retries and resolves once no background work uses the ledger. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#expiry);
    clearTimeout(this.#retry);
    await this.#background;
  }

  /** Erases values if the last commit removed or replaced one. Called after each commit; never throws. */
  async afterCommit(): Promise<void> {
    if (!this.#hasRemoved()) return;
    await this.#erase();
    if (this.#removals < this.#compactAt || this.#isStopped) return;
    this.#compactAt = this.#removals + COMPACT_AFTER;
    // Not awaited, because it waits for the current commit. After a failure, the next compaction drops the same rows.
    const compaction = this.#write(compactSealedValues).catch(() => undefined);
    this.#doInBackground(compaction);
  }

  #eraseLater(): void {
    this.#doInBackground(this.#erase());
  }

  #doInBackground(work: Promise<void>): void {
    this.#background = Promise.all([this.#background, work]).then(() => undefined);
  }

  /** Returns true if the count cannot be read, because a removal may have happened. */
  #hasRemoved(): boolean {
    try {
      return this.#count('removals') !== this.#removals;
    } catch {
      return true;
    }
  }

  /** Reserves the connection, so that no transaction is open: SQLite cannot truncate the log within one. */
  async #erase(): Promise<void> {
    try {
      await this.#db.connection().execute(async () => this.#eraseNow());
    } catch (error) {
      if (!this.#isStopped) this.#note(`cannot use the ledger (${messageOf(error)})`);
    }
  }

  #eraseNow(): void {
    if (this.#isStopped) return;
    this.#note(this.#tryToErase());
  }

  #tryToErase(): string | undefined {
    try {
      const removals = this.#count('removals');
      const copies = removals === this.#count('removals-at-copy') ? 'expired' : 'all';
      const pending = removeCopies(this.#path, copies) ?? truncateWal(this.#database);
      this.#removals = removals;
      return pending;
    } catch (error) {
      return `cannot read the ledger (${messageOf(error)})`;
    }
  }

  #note(pending: string | undefined): void {
    clearTimeout(this.#retry);
    if (pending === undefined) this.#backoff.reset();
    else this.#retry = setTimeout(() => this.#eraseLater(), this.#backoff.next()).unref();
    if ((pending === undefined) !== (this.#pending === undefined)) this.#report(pending);
    this.#pending = pending;
  }

  #count(key: 'removals' | 'removals-at-copy'): number {
    // `all` instead of `get`: a statement with unread rows prevents SQLite from truncating the log.
    const rows = this.#database.prepare('SELECT value FROM meta WHERE key = ?').all([key]);
    const [row] = rows as { value: string }[];
    return Number(row?.value ?? 0);
  }
}
