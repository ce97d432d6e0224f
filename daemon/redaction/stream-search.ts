import type { SearchTerm } from './search-terms.ts';

/** So many bytes are taken at a time. */
export const PART = 256 * 1024;
const KEY = 4;
const BACKSLASH = 0x5c;
const FILTER = 1 << 16;
/** Spreads keys over the filter (Fibonacci hashing). */
const GOLDEN = 0x9e3779b1;

/**
 * Searches a stream of any length for terms, in a window of fixed size: a term that begins in one part and ends in another
 * is found. Where terms begin is told by four bytes, and a bitmap rules out nearly every place, so that a search costs the
 * same for one term as for a thousand.
 */
export class StreamSearch {
  readonly #filter = new Uint8Array(FILTER);
  readonly #byKey = new Map<number, SearchTerm[]>();
  readonly #longest: number;
  readonly #window: Buffer;
  #filled = 0;
  readonly #found = new Set<string>();

  constructor(terms: readonly SearchTerm[]) {
    for (const term of terms) {
      const key = term.text.readInt32BE(0);
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), term]);
      this.#filter[Math.imul(key, GOLDEN) >>> 16] = 1;
    }
    this.#longest = terms.reduce((longest, { text }) => Math.max(longest, text.length), 0);
    this.#window = Buffer.alloc(PART + this.#longest);
  }

  /** Takes the next bytes of the stream, at most PART. */
  accept(bytes: Uint8Array): void {
    if (this.#longest === 0) return;
    this.#append(bytes);
    // What begins later may not be here as a whole yet.
    const ready = this.#filled - this.#longest + 1;
    if (ready <= 0) return;
    this.#scan(ready);
    this.#window.copyWithin(0, ready, this.#filled);
    this.#filled -= ready;
  }

  /** The names of the secrets that were found since the last end; makes ready for another stream. */
  end(): string[] {
    this.#scan(this.#filled - KEY + 1);
    const found = [...this.#found].sort();
    this.#found.clear();
    this.#filled = 0;
    return found;
  }

  /** All but the backslashes; what is between two is copied as a whole. */
  #append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const found = bytes.indexOf(BACKSLASH, from);
      const end = found === -1 ? bytes.length : found;
      this.#window.set(bytes.subarray(from, end), this.#filled);
      this.#filled += end - from;
      from = end + 1;
    }
  }

  /** Looks at what begins before `end`. Every byte that is searched comes by here: nothing is called for most. */
  #scan(end: number): void {
    if (end <= 0) return;
    const [window, filter] = [this.#window, this.#filter];
    let key = window.readInt32BE(0) >>> 8;
    for (let at = 0; at < end; at += 1) {
      key = (key << 8) | window[at + KEY - 1]!; // eslint-disable-line @typescript-eslint/no-non-null-assertion -- within the window
      if (filter[Math.imul(key, GOLDEN) >>> 16] === 1) this.#match(key, at);
    }
  }

  #match(key: number, at: number): void {
    for (const { secret, text } of this.#byKey.get(key) ?? []) {
      if (this.#found.has(secret) || at + text.length > this.#filled) continue;
      if (this.#window.compare(text, 0, text.length, at, at + text.length) === 0) this.#found.add(secret);
    }
  }
}
