import type { Queries } from '../../../ledger/ledger.ts';

/** Limits of ledger rows per run. A task that floods events, log or trace must not fill the disk. */
export const rowLimits = {
  tasks: 100_000,
  'task-jobs': 100_000,
  'trace-errors': 1000,
  /** Files that contain values. The plugin reports no more per secret, and a task may forge events. */
  exposures: 10_000,
  /** Each definition is a lease and costs requests to AWS when it is removed. */
  'job-definitions': 200,
} as const;

/** Counts the rows of one kind that a run may still add. */
export class RowLimit {
  readonly #most: number;
  readonly #count: (db: Queries) => Promise<number>;
  /** Upper bound of the number of rows: a row that is written again, or rolled back, may be counted twice. */
  #rows = Infinity;
  /** The transaction that has added rows last. They are not final before it is committed. */
  #writer: Queries | undefined;
  #isFull = false;

  /** `count` queries the ledger. */
  constructor(most: number, count: (db: Queries) => Promise<number>) {
    this.#most = most;
    this.#count = count;
  }

  /** Whether the limit is reached by committed rows. This is final, because rows of a run are only added. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Returns how many rows may be added. The number is exact if it is less than `wanted`. */
  async remaining(db: Queries, wanted: number): Promise<number> {
    if (this.#isFull) return 0;
    if (this.#rows + wanted > this.#most) {
      this.#rows = await this.#count(db);
      this.#isFull = this.#rows >= this.#most && this.#writer !== db;
    }
    return Math.max(0, this.#most - this.#rows);
  }

  /** Counts rows that a transaction has written, including rows that were written again. */
  add(db: Queries, rows: number): void {
    this.#writer = db;
    this.#rows += rows;
  }
}
