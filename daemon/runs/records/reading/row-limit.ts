import type { Queries } from '../../../ledger/open.ts';

/** How many rows of each kind a run may have in the ledger. Who writes events, a log or a trace must not fill the disk. */
export const rowLimits = {
  tasks: 100_000,
  'task-jobs': 100_000,
  'trace-errors': 1000,
  /** Each is a lease, and costs requests to AWS when it is removed. */
  'job-definitions': 200,
} as const;

/** Knows how many more rows of one kind a run may have. */
export class RowLimit {
  readonly #most: number;
  readonly #count: (db: Queries) => Promise<number>;
  /** At least as many as there are: a row that was written again may be counted again. */
  #rows = Infinity;
  #isFull = false;

  /** `count`: asks the ledger. */
  constructor(most: number, count: (db: Queries) => Promise<number>) {
    this.#most = most;
    this.#count = count;
  }

  /** Whether there can be no more: rows of a run are only added. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** How many more there may be; exact where that is less than what is wanted. */
  async room(db: Queries, wanted: number): Promise<number> {
    if (this.#isFull) return 0;
    if (this.#rows + wanted > this.#most) {
      this.#rows = await this.#count(db);
      this.#isFull = this.#rows >= this.#most;
    }
    return Math.max(0, this.#most - this.#rows);
  }

  /** So many rows were written, some of them perhaps again. */
  add(rows: number): void {
    this.#rows += rows;
  }
}
