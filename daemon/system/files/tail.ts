import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

/** Limits of one read. A process that can write to the file must not decide how long a read takes. */
const BATCH_BYTES = 256 * 1024;
const BATCH_LINES = 250;
/** Longer lines are truncated. No relevant line is that long, and memory must stay bounded. */
const LINE_MAX = 64 * 1024;
const NEWLINE = 0x0a;
/** Number of bytes to read if the size shows no growth. A network file system may report an old size. */
const PROBE_BYTES = 4096;

/**
 * Reads the lines that were added to a file since the last call. Keeps the file open, so that it stays the same file when it
 * is renamed (Nextflow rotates its log) or unlinked. Starts over if the file becomes shorter. A last line without a newline
 * is returned once it is complete.
 */
export class Tail {
  readonly path: string;
  readonly #fd: number;
  #offset = 0;
  /** The beginning of an incomplete line, at most LINE_MAX bytes. */
  #rest: Buffer = Buffer.alloc(0);
  /** Whether the last read left content. */
  behind = false;
  /** Number of bytes that the last read consumed. */
  consumed = 0;

  /**
   * Throws unless there is a regular file of ours: others may have created a link, a FIFO or a file of theirs. Follows no link
   * and does not block. Opens only regular files, because opening a device may have side effects.
   */
  constructor(path: string) {
    this.path = path;
    if (!lstatSync(path).isFile()) throw new Error(`"${path}" is not a regular file`);
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
    this.#fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    const found = fstatSync(this.#fd); // it may have been replaced since the check
    if (found.isFile() && found.uid === process.geteuid?.()) return;
    closeSync(this.#fd);
    throw new Error(`"${path}" is not a regular file of this user`);
  }

  /** Returns new whole lines without newlines, from up to 256 KiB and at most 250. `behind` shows whether there is more. */
  read(): string[] {
    const { size } = fstatSync(this.#fd);
    if (size < this.#offset) this.#moveTo(0);
    const buffer = Buffer.allocUnsafe(size > this.#offset ? BATCH_BYTES : PROBE_BYTES);
    const count = readSync(this.#fd, buffer, 0, buffer.length, this.#offset);
    const bytes = buffer.subarray(0, count);
    const lines: string[] = [];
    let from = 0;
    while (lines.length < BATCH_LINES) {
      const end = bytes.indexOf(NEWLINE, from);
      if (end === -1) break;
      lines.push(this.#lineOf(bytes.subarray(from, end)));
      from = end + 1;
    }
    if (lines.length < BATCH_LINES) {
      this.#rest = this.#joined(bytes.subarray(from));
      from = count;
    }
    this.#offset += from;
    this.consumed = from;
    this.behind = from < count || count === BATCH_BYTES;
    return lines;
  }

  /** Calls `look` with the file descriptor, for example to identify the file. `look` must not change its position. */
  examine<T>(look: (fd: number) => T): T {
    return look(this.#fd);
  }

  /** Whether the path now refers to another file or to none. */
  get isReplaced(): boolean {
    const [own, named] = [fstatSync(this.#fd), lstatSync(this.path, { throwIfNoEntry: false })];
    return named?.ino !== own.ino || named.dev !== own.dev;
  }

  /** Continues at the first line that begins in the last `bytes` of the file. Returns the number of skipped bytes. */
  skipToLast(bytes: number): number {
    const target = fstatSync(this.#fd).size - bytes;
    if (target <= this.#offset) return 0;
    const skipped = target - this.#offset;
    this.#moveTo(target);
    // The position is most likely within a line. If a line begins here, the preceding newline is found.
    const buffer = Buffer.allocUnsafe(BATCH_BYTES);
    const count = readSync(this.#fd, buffer, 0, buffer.length, target - 1);
    const newline = buffer.subarray(0, count).indexOf(NEWLINE);
    if (newline !== -1) this.#moveTo(target + newline);
    return skipped;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #moveTo(offset: number): void {
    this.#offset = offset;
    this.#rest = Buffer.alloc(0);
  }

  #lineOf(end: Buffer): string {
    const line = this.#rest.length === 0 ? end.subarray(0, LINE_MAX) : this.#joined(end);
    this.#rest = Buffer.alloc(0);
    return line.toString('utf8');
  }

  /** Returns a copy, so that the large buffer is not kept in memory. */
  #joined(more: Buffer): Buffer {
    return Buffer.concat([this.#rest, more.subarray(0, LINE_MAX - this.#rest.length)]);
  }
}
