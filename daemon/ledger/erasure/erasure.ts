import type { Kysely, Transaction } from 'kysely';
import type Database from 'libsql';
import { messageOf } from '../sqlite-errors.ts';
import type { Tables } from '../tables.ts';
import { removeCopies } from './copies.ts';
import { compactSealedValues, COMPACT_AFTER } from './sealed-values.ts';
import { truncateWal } from './truncate-wal.ts';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 30_000;
/** How often copies of the ledger are looked for that have expired meanwhile. */
const EXPIRY_MS = 3600 * 1000;

/** Receives the reason why removed values may still be in a file of the ledger; undefined once they are in none. */
export type ErasureReport = (pending: string | undefined) => void;

/**
 * Erases what a removed or replaced sealed value leaves outside its row: in the write-ahead log, and in the copies that
 * migrations made. Whoever removes it is answered afterwards. What cannot be erased, as another process is reading, is
 * retried with exponential backoff, and by the next daemon.
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
  #retryMs = RETRY_MIN_MS;
  #expiry: NodeJS.Timeout | undefined;
  /** What goes on in the background; never rejects. */
  #background: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** `write` is the ledger's own, for the compaction. */
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

  /** Why removed values may still be in a file of the ledger; undefined where they are in none. */
  get pending(): string | undefined {
    return this.#pending;
  }

  /** Erases what a daemon before this one could not, as it was killed; then looks for expired copies every hour. */
  start(): void {
    this.#eraseNow();
    this.#expiry = setInterval(() => this.#eraseLater(), EXPIRY_MS).unref();
  }

  /** Returns when nothing of it uses the ledger any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#expiry);
    clearTimeout(this.#retry);
    await this.#background;
  }

  /** Called after each commit: erases where it has removed or replaced a sealed value. Never throws. */
  async afterCommit(): Promise<void> {
    if (!this.#hasRemoved()) return;
    await this.#erase();
    if (this.#removals < this.#compactAt || this.#isStopped) return;
    this.#compactAt = this.#removals + COMPACT_AFTER;
    // Not waited for, as it waits for the commit that is answered now. If it fails, the next one makes up for it.
    const compaction = this.#write(compactSealedValues).catch(() => undefined);
    this.#doInBackground(compaction);
  }

  #eraseLater(): void {
    this.#doInBackground(this.#erase());
  }

  #doInBackground(work: Promise<void>): void {
    this.#background = Promise.all([this.#background, work]).then(() => undefined);
  }

  /** A look that fails may have missed a removal. */
  #hasRemoved(): boolean {
    try {
      return this.#count('removals') !== this.#removals;
    } catch {
      return true;
    }
  }

  /** Takes the connection, so that no transaction is open on it: within one, SQLite truncates no log. */
  async #erase(): Promise<void> {
    try {
      await this.#db.connection().execute(async () => this.#eraseNow());
    } catch (error) {
      if (!this.#isStopped) this.#note(`the ledger cannot be used (${messageOf(error)})`);
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
      return `the ledger cannot be read (${messageOf(error)})`;
    }
  }

  #note(pending: string | undefined): void {
    clearTimeout(this.#retry);
    if (pending === undefined) this.#retryMs = RETRY_MIN_MS;
    else {
      this.#retry = setTimeout(() => this.#eraseLater(), this.#retryMs).unref();
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MAX_MS);
    }
    if ((pending === undefined) !== (this.#pending === undefined)) this.#report(pending);
    this.#pending = pending;
  }

  #count(key: 'removals' | 'removals-at-copy'): number {
    // `all`, not `get`: a statement that is not read to its end keeps the log from being truncated.
    const rows = this.#database.prepare('SELECT value FROM meta WHERE key = ?').all([key]);
    const [row] = rows as { value: string }[];
    return Number(row?.value ?? 0);
  }
}
