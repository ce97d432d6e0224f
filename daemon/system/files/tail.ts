import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK = 64 * 1024;
/** So much is taken at a time: whoever can write the file must not decide how much memory it takes to read it. */
const BATCH = 256 * CHUNK;
/** A longer line is cut: nothing that we look for is so long, and memory must stay bounded. */
const LINE_MAX = 64 * 1024;

/**
 * Reads the lines that were added to a file since the last call. The file is kept open, so that it stays the same file
 * when its name goes to another (Nextflow rotates its log) or goes away; when it becomes shorter, reading starts over.
 * A last line without its newline waits until it has one.
 */
export class Tail {
  readonly path: string;
  readonly #fd: number;
  #offset = 0;
  #rest = '';
  /** Whether the last read left something. */
  behind = false;

  /**
   * Throws where there is no plain file of ours to open: others may have put a link, a FIFO or a file of theirs there. A link
   * is not followed, and nothing is waited for.
   */
  constructor(path: string) {
    this.path = path;
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
    this.#fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    const found = fstatSync(this.#fd);
    if (found.isFile() && found.uid === process.geteuid?.()) return;
    closeSync(this.#fd);
    throw new Error(`"${path}" is not a plain file of ours`);
  }

  /** New whole lines, without their newlines, of the next 16 MiB at most: `behind` tells whether there is more. */
  read(): string[] {
    if (fstatSync(this.#fd).size < this.#offset) {
      this.#offset = 0;
      this.#rest = '';
    }
    const bytes = readFrom(this.#fd, this.#offset);
    this.#offset += bytes.length;
    this.behind = bytes.length === BATCH;
    // latin1 keeps each byte, so a chunk that ends inside a UTF-8 sequence loses nothing; lines are decoded whole.
    const parts = (this.#rest + bytes.toString('latin1')).split('\n');
    this.#rest = (parts.pop() ?? '').slice(0, LINE_MAX);
    return parts.map((line) => Buffer.from(line.slice(0, LINE_MAX), 'latin1').toString('utf8'));
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function readFrom(fd: number, start: number): Buffer {
  const chunks: Buffer[] = [];
  for (let position = start; position < start + BATCH;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const count = readSync(fd, chunk, 0, Math.min(CHUNK, start + BATCH - position), position);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    position += count;
  }
  return Buffer.concat(chunks);
}
