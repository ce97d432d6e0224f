import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

/** What one read takes at most, in bytes and in lines: whoever can write the file must not decide how long a read lasts. */
const BATCH_BYTES = 256 * 1024;
const BATCH_LINES = 250;
/** A longer line is cut: nothing that we look for is so long, and memory must stay bounded. */
const LINE_MAX = 64 * 1024;
const NEWLINE = 0x0a;
/** What is read where nothing new is expected: a network file system may tell an old size. */
const PROBE_BYTES = 4096;

/**
 * Reads the lines that were added to a file since the last call. The file is kept open, so that it stays the same file
 * when its name goes to another (Nextflow rotates its log) or goes away; when it becomes shorter, reading starts over.
 * A last line without its newline waits until it has one.
 */
export class Tail {
  readonly path: string;
  readonly #fd: number;
  #offset = 0;
  /** The beginning of a line whose end was not read yet, at most LINE_MAX bytes of it. */
  #rest: Buffer = Buffer.alloc(0);
  /** Whether the last read left something. */
  behind = false;
  /** How many bytes the last read consumed. */
  consumed = 0;

  /**
   * Throws where there is no plain file of ours to open: others may have put a link, a FIFO or a file of theirs there. A link
   * is not followed, and nothing is waited for. What is no plain file is not even opened: to open a device may do something.
   */
  constructor(path: string) {
    this.path = path;
    if (!lstatSync(path).isFile()) throw new Error(`"${path}" is not a plain file`);
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
    this.#fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    const found = fstatSync(this.#fd); // it may have been exchanged since
    if (found.isFile() && found.uid === process.geteuid?.()) return;
    closeSync(this.#fd);
    throw new Error(`"${path}" is not a plain file of ours`);
  }

  /** New whole lines, without their newlines, of the next 256 KiB and at most 250: `behind` tells whether there is more. */
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

  /** Whether another file has its name now, or none. */
  get isReplaced(): boolean {
    const [own, named] = [fstatSync(this.#fd), lstatSync(this.path, { throwIfNoEntry: false })];
    return named?.ino !== own.ino || named.dev !== own.dev;
  }

  /** Goes on with the first line that begins in the last `bytes` of the file; returns how many bytes are passed over. */
  skipToLast(bytes: number): number {
    const target = fstatSync(this.#fd).size - bytes;
    if (target <= this.#offset) return 0;
    const skipped = target - this.#offset;
    this.#moveTo(target);
    // What is there is most likely the middle of a line; should a line begin just there, its predecessor's newline is met.
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

  /** A copy: the buffer that it is from is large, and would be kept. */
  #joined(more: Buffer): Buffer {
    return Buffer.concat([this.#rest, more.subarray(0, LINE_MAX - this.#rest.length)]);
  }
}
