import type { NeedleSet } from './needles/needle-set.ts';

/** Maximum bytes that are searched at once. */
const SLICE = 64 * 1024;
/** The same for streams of short texts. */
export const SHORT_SLICE = 4 * 1024;

/** Receives a stream in order: text without values, and ranges that are values. Positions are bytes from its beginning. */
export interface MatchSink {
  /** The bytes are valid only during the call. */
  text(bytes: Uint8Array): void;
  /** A value begins. `start` and `end` are those of the first match. */
  begin(secret: string, start: number, end: number): void;
  /** The same range ends later than reported: another value overlaps it, or the same one follows. */
  extend(end: number): void;
}

/**
 * Divides a stream into text and values. Overlapping values are one range. The result does not depend on how the stream is
 * split: bytes are held back while a value that begins before them may continue, at most the length of the longest needle.
 */
export class MatchStream {
  /** Whether each needle was found, by its number. */
  readonly found: Uint8Array;
  readonly #set: NeedleSet;
  readonly #sink: MatchSink | undefined;
  readonly #slice: number;
  readonly #window: Buffer;
  #filled = 0;
  /** Position of the window in the stream. */
  #base = 0;
  /** The longest needle at each position of the window, plus one; 0 for none. */
  readonly #best: Int32Array;
  #hasMatches = false;
  /** End of the last range, and its secret. */
  #maskedTo = 0;
  #masked: string | undefined;

  /** Without `sink`, only `found` is determined. */
  constructor(set: NeedleSet, sink?: MatchSink, slice = SLICE) {
    this.#set = set;
    this.#sink = sink;
    this.#slice = slice;
    this.found = new Uint8Array(set.needles.length);
    this.#window = Buffer.alloc(set.longest + slice);
    this.#best = new Int32Array(this.#window.length);
  }

  /** Number of bytes of the stream that are divided. */
  get position(): number {
    return this.#base;
  }

  /** Number of bytes of the stream that were received. */
  get received(): number {
    return this.#base + this.#filled;
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; from += this.#slice) {
      const slice = chunk.subarray(from, from + this.#slice);
      this.#window.set(slice, this.#filled);
      this.#filled += slice.length;
      // A needle that begins later may not be complete yet.
      this.#settle(this.#filled - Math.max(0, this.#set.longest - 1));
    }
  }

  /** Divides all bytes that no continuation can change, for a reader that waits for the next ones. */
  drain(): void {
    this.#settle(this.#set.unfinishedFrom(this.#window, 0, this.#filled));
  }

  /** Ends the stream, and overwrites what is left of it in memory. The next one can begin then. */
  end(): void {
    this.#settle(this.#filled);
    this.#window.fill(0);
    this.#base = 0;
    this.#maskedTo = 0;
    this.#masked = undefined;
  }

  /** Receives matches of the search. */
  add(start: number, needle: number): void {
    this.found[needle] = 1;
    this.#hasMatches = true;
    const best = (this.#best[start] ?? 0) - 1;
    if (best === -1 || this.#lengthOf(needle) > this.#lengthOf(best)) this.#best[start] = needle + 1;
  }

  /** Divides the bytes of the window before `end`. No needle that starts there continues after the window. */
  #settle(end: number): void {
    if (end <= 0) return;
    this.#set.scan(this.#window, 0, end, this.#filled, this);
    if (this.#sink !== undefined) this.#divide(end, this.#sink);
    if (this.#hasMatches) this.#best.fill(0, 0, end);
    this.#hasMatches = false;
    this.#window.copyWithin(0, end, this.#filled);
    this.#filled -= end;
    this.#base += end;
  }

  #divide(end: number, sink: MatchSink): void {
    let from = Math.max(0, this.#maskedTo - this.#base);
    for (let start = 0; this.#hasMatches && start < end; start += 1) {
      const needle = (this.#best[start] ?? 0) - 1;
      if (needle === -1) continue;
      if (start > from) sink.text(this.#window.subarray(from, start));
      this.#mask(sink, this.#base + start, needle);
      from = this.#maskedTo - this.#base;
    }
    if (from < end) sink.text(this.#window.subarray(from, end));
  }

  #mask(sink: MatchSink, start: number, needle: number): void {
    const { secret = '' } = this.#set.needles[needle] ?? {};
    const end = start + this.#lengthOf(needle);
    const isJoined = start < this.#maskedTo || (start === this.#maskedTo && secret === this.#masked);
    if (!isJoined) {
      sink.begin(secret, start, end);
      this.#masked = secret;
      this.#maskedTo = end;
    } else if (end > this.#maskedTo) {
      sink.extend(end);
      this.#maskedTo = end;
    }
  }

  #lengthOf(needle: number): number {
    return this.#set.needles[needle]?.bytes.length ?? 0;
  }
}
