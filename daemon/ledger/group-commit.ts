import { sql, type Kysely, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** So many writes at most share a transaction: the first of them waits for the last. */
const MOST = 100;

type Work<T> = (transaction: Transaction<Tables>) => Promise<T>;

interface Waiting {
  readonly work: Work<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One transaction for all the writes that wait while another is made, and so one sync of the disk for them: a daemon
 * that starts with a thousand runs to finish would else spend its time with the disk. Each keeps what it is: there whole
 * or not at all, on the disk when it is answered, and alone with its error.
 */
export class GroupCommit {
  readonly #db: Kysely<Tables>;
  readonly #begin: Work<void>;
  readonly #after: () => Promise<void>;
  #waiting: Waiting[] = [];
  #isWriting = false;

  /**
   * `begin` comes first in each transaction; what it throws, all of it throw. `after` comes between a commit and its
   * answers, and never throws.
   */
  constructor(db: Kysely<Tables>, begin: Work<void>, after: () => Promise<void>) {
    this.#db = db;
    this.#begin = begin;
    this.#after = after;
  }

  write<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (result: unknown) => void, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, MOST));
    this.#isWriting = false;
  }

  /** Answers each once the whole is on the disk. Never throws. */
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

/** Does one of several; what it wrote goes again when it fails, and nothing of the others. Gives how to answer it. */
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
    // At some errors (a full disk) SQLite has rolled back everything by itself: then this throws, and all have failed.
    await sql`ROLLBACK TO one`.execute(transaction);
    await sql`RELEASE one`.execute(transaction);
    return () => reject(error);
  }
}
