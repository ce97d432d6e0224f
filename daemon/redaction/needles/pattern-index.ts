import type { Needle } from './needles.ts';
import { walkMatches, type NeedleBorders } from './prefix-walk.ts';

/** Bytes per block. */
const BLOCK = 3;
/** Limits of the size of a table, as a power of two. A small one does for the few needles of most runs. */
const TABLE_BITS = { least: 10, most: 16 };
/** Entries of the table per block, so that few blocks share one. */
const SPARSENESS = 8;
/** A shift must fit into a byte of the table. */
const WINDOW_MAX = 255;
const NONE = -1;
/**
 * After this many equal bytes in one scan, the rest is searched for the needle in linear time. Otherwise values that repeat themselves
 * take time in proportion to the text times their length.
 */
const COMPARED_MAX = 4096;

/** Receives matches. */
export interface Matches {
  /** Called once for each needle at a position. */
  add(start: number, needle: number): void;
}

/**
 * Index of needles for the algorithm of Wu and Manber (1994): slides a window over the text and looks up the last three bytes
 * of it in a table. Most blocks occur in no needle, so most bytes are skipped. The window is as long as the shortest needle,
 * which is why short needles have a separate index.
 */
export class PatternIndex {
  readonly #window: number;
  readonly #mask: number;
  readonly #shifts: Uint8Array;
  /** First needle of each block at the end of a window, and for each needle the next one with the same block. */
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  /** Numbers of the needles, as the matches show them. */
  readonly #numbers: readonly number[];
  readonly #texts: readonly Uint8Array[];
  readonly #borders: NeedleBorders;
  /** Bytes of each needle that this scan has found equal; more than the maximum if it needs no more comparisons. */
  readonly #compared: Int32Array;

  /** `numbers` selects needles. Each has at least three bytes. */
  constructor(needles: readonly Needle[], numbers: readonly number[], borders: NeedleBorders) {
    this.#borders = borders;
    this.#numbers = numbers;
    this.#texts = numbers.map((number) => needles[number]?.bytes ?? new Uint8Array(0));
    this.#window = this.#texts.reduce((shortest, { length }) => Math.min(shortest, length), WINDOW_MAX);
    const bits = Math.ceil(Math.log2(numbers.length * this.#window * SPARSENESS));
    const size = 1 << Math.max(TABLE_BITS.least, Math.min(TABLE_BITS.most, bits));
    this.#mask = size - 1;
    this.#shifts = new Uint8Array(size).fill(this.#window - BLOCK + 1);
    this.#heads = new Int32Array(size).fill(NONE);
    this.#next = new Int32Array(numbers.length).fill(NONE);
    this.#compared = new Int32Array(numbers.length);
    for (const [index, text] of this.#texts.entries()) this.#add(index, text);
  }

  #add(index: number, text: Uint8Array): void {
    for (let end = BLOCK - 1; end < this.#window; end += 1) {
      const slot = this.#slotAt(text, end);
      this.#shifts[slot] = Math.min(this.#shifts[slot] ?? 0, this.#window - 1 - end);
    }
    const slot = this.#slotAt(text, this.#window - 1);
    this.#next[index] = this.#heads[slot] ?? NONE;
    this.#heads[slot] = index;
  }

  /** Finds needles that start in [from, to) and end within `length` bytes. The hot loop: it calls nothing for most bytes. */
  scan(bytes: Uint8Array, from: number, to: number, length: number, matches: Matches): void {
    if (this.#texts.length === 0) return;
    this.#compared.fill(0);
    const [shifts, mask] = [this.#shifts, this.#mask];
    const last = this.#window - 1;
    const end = Math.min(to + last, length);
    /* eslint-disable @typescript-eslint/no-non-null-assertion -- the loop stays within `length` */
    for (let at = from + last; at < end;) {
      const slot = ((bytes[at - 2]! << 11) ^ (bytes[at - 1]! << 5) ^ bytes[at]!) & mask;
      const shift = shifts[slot]!;
      if (shift === 0) {
        this.#compare(bytes, [at - last, to, length], slot, matches);
        at += 1;
      } else at += shift;
    }
    /* eslint-enable @typescript-eslint/no-non-null-assertion */
  }

  #slotAt(text: Uint8Array, end: number): number {
    return (((text[end - 2] ?? 0) << 11) ^ ((text[end - 1] ?? 0) << 5) ^ (text[end] ?? 0)) & this.#mask;
  }

  #compare(
    bytes: Uint8Array,
    range: readonly [start: number, to: number, length: number],
    slot: number,
    matches: Matches,
  ): void {
    const [start, , length] = range;
    for (let index = this.#heads[slot] ?? NONE; index !== NONE; index = this.#next[index] ?? NONE) {
      const text = this.#texts[index];
      const compared = this.#compared[index] ?? 0;
      if (text === undefined || compared > COMPARED_MAX) continue;
      const equal = equalBytes(bytes, start, length, text);
      if (equal === text.length) matches.add(start, this.#numbers[index] ?? NONE);
      this.#compared[index] = compared + equal;
      if (compared + equal > COMPARED_MAX) this.#walk(bytes, range, index, text, matches);
    }
  }

  /** Finds the needle at all later positions of the scan. */
  #walk(
    bytes: Uint8Array,
    [start, to, length]: readonly [number, number, number],
    index: number,
    text: Uint8Array,
    matches: Matches,
  ): void {
    const number = this.#numbers[index] ?? NONE;
    walkMatches(bytes, [start + 1, to, length], text, this.#borders.of(number), (found) => {
      matches.add(found, number);
    });
  }
}

/** Returns how many bytes of the text are at a position. */
export function equalBytes(bytes: Uint8Array, start: number, length: number, text: Uint8Array): number {
  const end = Math.min(text.length, length - start);
  let at = 0;
  while (at < end && bytes[start + at] === text[at]) at += 1;
  return at;
}
