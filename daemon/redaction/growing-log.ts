import type { FileHandle } from 'node:fs/promises';
import { recordRanges, type MaskedRange } from './masked-file.ts';
import { MatchStream } from './match-stream.ts';
import type { NeedleSet } from './needles/needle-set.ts';
import { RedactedView } from './redacted-view.ts';

const BUFFER = 128 * 1024;
/** Bounds the memory for a log that consists of values. */
const RANGES_MAX = 100_000;

/** Finds the values in a file that grows. Each byte is searched once, however often the file is shown. */
export class GrowingLog {
  readonly #set: NeedleSet;
  readonly #file: { readonly dev: number; readonly ino: number };
  readonly #ranges: MaskedRange[] = [];
  readonly #stream: MatchStream;

  constructor(set: NeedleSet, file: { readonly dev: number; readonly ino: number }) {
    this.#set = set;
    this.#file = { dev: file.dev, ino: file.ino };
    this.#stream = new MatchStream(set, recordRanges(this.#ranges, RANGES_MAX));
  }

  /** Whether this is the same file, and it has only grown. */
  continues({
    dev,
    ino,
    size,
  }: {
    readonly dev: number;
    readonly ino: number;
    readonly size: number;
  }): boolean {
    return dev === this.#file.dev && ino === this.#file.ino && size >= this.#stream.received;
  }

  /**
   * Searches what was added, and returns the file without values. Bytes at the end that may be the beginning of a value are
   * not shown yet, unless the file is complete.
   */
  async view(file: FileHandle, size: number, isComplete: boolean): Promise<RedactedView> {
    const buffer = Buffer.alloc(BUFFER);
    while (this.#stream.received < size) {
      const length = Math.min(BUFFER, size - this.#stream.received);
      const { bytesRead } = await file.read(buffer, 0, length, this.#stream.received);
      if (bytesRead === 0) break;
      this.#stream.push(buffer.subarray(0, bytesRead));
    }
    this.#stream.drain();
    const end = isComplete ? this.#stream.received : this.#stream.position;
    const labels = this.#set.labels;
    return new RedactedView([...this.#ranges], end, (secret) => labels.get(secret) ?? Buffer.alloc(0));
  }
}
