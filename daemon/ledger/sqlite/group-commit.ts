import { AsyncResource } from 'node:async_hooks';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Tables } from '../tables.ts';

/** Maximum number of writes in one transaction. A limit, because the first write waits for the last. */
const GROUP_MAX = 100;

type Work<T> = (transaction: Transaction<Tables>) => Promise<T>;

interface Waiting {
  readonly work: Work<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: writes that arrive while a transaction is being committed share the next transaction, and so one fsync.
 * Without it, a daemon that starts with a thousand unfinished runs would spend its time on fsync. Each write stays atomic
 * (a savepoint), is durable when it resolves, and fails alone.
 */
export class GroupCommit {
  readonly #db: Kysely<Tables>;
  readonly #begin: Work<void>;
  readonly #after: () => Promise<void>;
  #waiting: Waiting[] = [];
  #isWriting = false;

  /**
   * `begin` runs first in each transaction; if it throws, all writes of the transaction reject with its error. `after`
   * runs after the commit and before the writes resolve; it must not throw.
   */
  constructor(db: Kysely<Tables>, begin: Work<void>, after: () => Promise<void>) {
    this.#db = db;
    this.#begin = begin;
    this.#after = after;
  }

  /**
   * Runs `work` in a transaction. Resolves once the transaction is durable. The work keeps the asynchronous context of its caller:
   * otherwise its events would have the origin of another request of the group.
   */
  write<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        work: AsyncResource.bind(work),
        resolve: resolve as (result: unknown) => void,
        reject,
      });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, GROUP_MAX));
    this.#isWriting = false;
  }

  /** Commits a group, then resolves or rejects each write of it. Never throws. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#db.transaction().execute(async (transaction) => {
        await this.#begin(transaction);
        const [first] = group;
        if (group.length === 1 && first !== undefined) {
          const result = await first.work(transaction);
          return [() => first.resolve(result)];
        }
        const done: (() => void)[] = [];
        for (const one of group) done.push(await attempt(transaction, one));
        return done;
      });
      await this.#after();
      for (const answer of answers) answer();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

/** Runs one write of a group in a savepoint, and rolls back only this write if it fails. Returns how to settle it. */
async function attempt(
  transaction: Transaction<Tables>,
  { work, resolve, reject }: Waiting,
): Promise<() => void> {
  await sql`SAVEPOINT one`.execute(transaction);
  try {
    const result = await work(transaction);
    await sql`RELEASE one`.execute(transaction);
    return () => resolve(result);
  } catch (error) {
    // After some errors (a full disk) SQLite has rolled back the whole transaction. Then this throws, and all writes fail.
    await sql`ROLLBACK TO one`.execute(transaction);
    await sql`RELEASE one`.execute(transaction);
    return () => reject(error);
  }
}
