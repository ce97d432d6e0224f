import type { SearchTerm } from './search-terms.ts';

/** Maximum bytes per call of `accept`. */
export const PART = 256 * 1024;
const KEY = 4;
const BACKSLASH = 0x5c;
const FILTER = 1 << 16;
/** Spreads keys over the filter (Fibonacci hashing). */
const GOLDEN = 0x9e3779b1;

/**
 * Searches a stream of any length for terms, in a window of fixed size. Finds terms that span two parts. Terms are indexed
 * by their first four bytes, and a bitmap of these keys excludes nearly every position, so a search for a thousand terms
 * costs the same as for one.
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

  /** Searches the next bytes of the stream, at most PART. */
  accept(bytes: Uint8Array): void {
    if (this.#longest === 0) return;
    this.#append(bytes);
    // A term that starts after this position may continue in the next part.
    const ready = this.#filled - this.#longest + 1;
    if (ready <= 0) return;
    this.#scan(ready);
    this.#window.copyWithin(0, ready, this.#filled);
    this.#filled -= ready;
  }

  /** Ends the stream: returns the names of the secrets found in it, and resets the search. */
  end(): string[] {
    this.#scan(this.#filled - KEY + 1);
    const found = [...this.#found].sort();
    this.#found.clear();
    this.#filled = 0;
    return found;
  }

  /** Appends the bytes without backslashes. Copies the ranges between backslashes as a whole, for speed. */
  #append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const found = bytes.indexOf(BACKSLASH, from);
      const end = found === -1 ? bytes.length : found;
      this.#window.set(bytes.subarray(from, end), this.#filled);
      this.#filled += end - from;
      from = end + 1;
    }
  }

  /** Finds terms that start before `end`. The hot loop: it calls no function for most bytes. */
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
