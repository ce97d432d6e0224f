import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { KeyedMutex } from '../../../system/keyed-mutex.ts';
import { Tail } from '../../../system/files/tail.ts';

/** How much of a file is read before the run is looked at otherwise. */
export interface ReadBudget {
  readonly bytes: number;
  readonly lines: number;
}

const MIB = 1024 * 1024;

export const readBudgets = {
  /** While the head lives; what is left is read a second later. */
  look: { bytes: 8 * MIB, lines: 5000 },
  /** Once it has ended: its purge waits for it. */
  last: { bytes: 64 * MIB, lines: 20_000 },
  /** Then the end of a file that is longer than that; bounded by its bytes. */
  end: { bytes: 64 * MIB, lines: Infinity },
  /** In all, while the head lives: a task that floods a file for days must not keep a processor busy for days. */
  total: { bytes: 1024 * MIB, lines: 1_000_000 },
} as const satisfies Record<string, ReadBudget>;

/** So much of it: Nextflow and the plugin tell of the end last. */
const LAST_PART = MIB / 4;
/** Who is behind reads in turn with all others that are: of every event loop, of all runs together. */
const LANE = 'behind';

/**
 * Follows a file that tasks may write to, so that whatever they write costs bounded time and memory: in batches, each
 * followed by other work; and of all files that are far behind, one batch at a time.
 */
export class FollowedFile {
  readonly #lane: KeyedMutex;
  readonly #take: (lines: readonly string[]) => Promise<void>;
  #tail: Tail | undefined;
  /** What was read and could not be written yet: a write that fails loses none of it. */
  #pending: readonly string[] = [];
  readonly #total = { bytes: 0, lines: 0 };
  /** Whether there is more to read now. */
  isBehind = false;
  /** Whether some of it was, or will be, passed over. */
  hasGap = false;

  /** `take` gets whole lines, at most 250. What it throws, `read` throws; it is given the same lines again then. */
  constructor(lane: KeyedMutex, take: (lines: readonly string[]) => Promise<void>) {
    this.#lane = lane;
    this.#take = take;
  }

  get path(): string | undefined {
    return this.#tail?.path;
  }

  /**
   * Opens what is at a path, where nothing is open yet. What is no plain file, or cannot be opened, counts as not there yet.
   */
  open(path: string | undefined): void {
    if (path === undefined || this.#tail !== undefined) return;
    try {
      this.#tail = new Tail(path);
    } catch {
      return;
    }
  }

  /** Turns to the file that has the name now, for a file that nobody but a task would replace. */
  openAgainIfReplaced(): void {
    const { path } = this;
    try {
      if (this.#tail?.isReplaced !== true) return;
    } catch {
      return; // a file server that is away
    }
    this.close();
    this.open(path);
  }

  async read(): Promise<void> {
    this.hasGap ||= exceeds(this.#total, readBudgets.total);
    if (this.hasGap) this.isBehind = false;
    else await this.#read(readBudgets.look);
  }

  /** Reads the rest; of more than the budget, the end. */
  async readLast(): Promise<void> {
    if (!this.hasGap) await this.#read(readBudgets.last);
    if (!this.hasGap && !this.isBehind) return;
    this.hasGap ||= this.#skip() > 0;
    await this.#read(readBudgets.end);
  }

  close(): void {
    this.#tail?.close();
    this.#tail = undefined;
  }

  async #read(budget: ReadBudget): Promise<void> {
    const read = { bytes: 0, lines: 0 };
    if (this.#pending.length > 0) await this.#write(this.#pending);
    do {
      const batch = (): Promise<void> => this.#batch(read);
      await (this.isBehind ? this.#lane.run(LANE, batch) : batch());
    } while (this.isBehind && !exceeds(read, budget));
  }

  async #batch(read: { bytes: number; lines: number }): Promise<void> {
    const begun = performance.now();
    const tail = this.#tail;
    this.isBehind = false;
    let lines: string[];
    try {
      lines = tail?.read() ?? [];
    } catch {
      return; // a file server that is away: the next look tries again
    }
    for (const counts of [read, this.#total]) {
      counts.bytes += tail?.consumed ?? 0;
      counts.lines += lines.length;
    }
    if (lines.length > 0) await this.#write(lines);
    this.isBehind = tail?.behind === true;
    if (!this.isBehind) return;
    // Half of the time is everybody else's, however many files are behind.
    const spent = performance.now() - begun;
    await (spent < 1 ? nextTurn() : sleep(spent));
  }

  async #write(lines: readonly string[]): Promise<void> {
    this.#pending = lines;
    await this.#take(lines);
    this.#pending = [];
  }

  #skip(): number {
    try {
      return this.#tail?.skipToLast(LAST_PART) ?? 0;
    } catch {
      return 0;
    }
  }
}

function exceeds(read: ReadBudget, budget: ReadBudget): boolean {
  return read.bytes >= budget.bytes || read.lines >= budget.lines;
}
