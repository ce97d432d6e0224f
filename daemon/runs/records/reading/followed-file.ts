import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { KeyedMutex } from '../../../system/keyed-mutex.ts';
import { Tail } from '../../../system/files/tail.ts';

/** Limit of what is read from a file in one go. */
export interface ReadBudget {
  readonly bytes: number;
  readonly lines: number;
}

const MIB = 1024 * 1024;

const readBudgets = {
  /** Per poll while the head is alive. The rest is read a second later. */
  look: { bytes: 8 * MIB, lines: 5000 },
  /** After the end of the head. The purge waits for it. */
  last: { bytes: 64 * MIB, lines: 20_000 },
  /** For the last part of a file that exceeds `last`. Bounded by its bytes. */
  end: { bytes: 64 * MIB, lines: Infinity },
  /** In total while the head is alive. A task that floods a file for days must not keep a processor busy for days. */
  total: { bytes: 1024 * MIB, lines: 1_000_000 },
} as const satisfies Record<string, ReadBudget>;

/** Size of the last part. Nextflow and the plugin report the end of a run last. */
const LAST_PART = MIB / 4;
/** Mutex key of all files with a backlog, so that their batches are read in turn across all runs. */
const LANE = 'behind';

/**
 * Follows a file that tasks may write to. Time and memory are bounded for any content: lines are read in batches, with other
 * work in between, and files with a backlog are read one batch at a time.
 */
export class FollowedFile {
  readonly #lane: KeyedMutex;
  readonly #take: (lines: readonly string[]) => Promise<void>;
  #tail: Tail | undefined;
  /** Lines that were read but not written yet. A failed write loses none of them. */
  #pending: readonly string[] = [];
  readonly #total = { bytes: 0, lines: 0 };
  /** Whether there is more to read. */
  isBehind = false;
  /** Whether content was or will be skipped. */
  hasGap = false;

  /** `take` receives up to 250 whole lines. If it throws, `read` throws too, and the next call passes the same lines. */
  constructor(lane: KeyedMutex, take: (lines: readonly string[]) => Promise<void>) {
    this.#lane = lane;
    this.#take = take;
  }

  get path(): string | undefined {
    return this.#tail?.path;
  }

  /** Calls `look` with the open file's descriptor. Returns undefined if no file is open or the file server does not respond. */
  examine<T>(look: (fd: number) => T): T | undefined {
    try {
      return this.#tail?.examine(look);
    } catch {
      return undefined;
    }
  }

  /** Opens the file at a path unless a file is open. A path that is not a regular file or cannot be opened is ignored. */
  open(path: string | undefined): void {
    if (path === undefined || this.#tail !== undefined) return;
    try {
      this.#tail = new Tail(path);
    } catch {
      return;
    }
  }

  /** Opens the file that has the path now if the open one was replaced. Only a task would replace it. */
  openAgainIfReplaced(): void {
    const { path } = this;
    try {
      if (this.#tail?.isReplaced !== true) return;
    } catch {
      return; // the file server does not respond
    }
    this.close();
    this.open(path);
  }

  async read(): Promise<void> {
    this.hasGap ||= exceeds(this.#total, readBudgets.total);
    if (this.hasGap) this.isBehind = false;
    else await this.#read(readBudgets.look);
  }

  /** Reads the rest. If it exceeds the budget, reads the last part. */
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
      return; // the file server does not respond; the next poll retries
    }
    for (const counts of [read, this.#total]) {
      counts.bytes += tail?.consumed ?? 0;
      counts.lines += lines.length;
    }
    if (lines.length > 0) await this.#write(lines);
    this.isBehind = tail?.behind === true;
    if (!this.isBehind) return;
    // Leave half of the time to other work, whatever the number of files with a backlog.
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
