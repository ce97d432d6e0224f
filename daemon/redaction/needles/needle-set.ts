import { labelsOf } from './labels.ts';
import { clearNeedles, needlesOf, type Needle } from './needles.ts';
import { equalBytes, PatternIndex, type Matches } from './pattern-index.ts';
import { NeedleBorders, prefixAtEnd } from './prefix-walk.ts';
import type { SecretValue } from '../../vault/secret-value.ts';

/** Shorter needles have their own index, because they would make the window of the others short, and the search slow. */
const SHORT = 12;
/** Bytes that are compared to find the beginning of a needle, before a slower method with a bound is used. */
const COMPARED_MAX = 100_000;

/** Needles, indexed for searches. Any number of streams can be searched at the same time. Holds values until `clear`. */
export class NeedleSet {
  readonly needles: readonly Needle[];
  /** Length of the longest needle; 0 if there is none. */
  readonly longest: number;
  /** What replaces a value, by name of the secret. */
  readonly labels: ReadonlyMap<string, Buffer>;
  readonly #indexes: readonly PatternIndex[];
  readonly #byFirst: readonly Uint8Array[][];
  readonly #borders: NeedleBorders;

  constructor(needles: readonly Needle[]) {
    this.needles = needles;
    this.longest = needles.reduce((longest, { bytes }) => Math.max(longest, bytes.length), 0);
    this.labels = labelsOf(needles);
    this.#borders = new NeedleBorders(needles);
    const numbers = [...needles.keys()];
    const isShort = (number: number): boolean => (needles[number]?.bytes.length ?? 0) < SHORT;
    this.#indexes = [numbers.filter((one) => !isShort(one)), numbers.filter(isShort)]
      .filter((group) => group.length > 0)
      .map((group) => new PatternIndex(needles, group, this.#borders));
    this.#byFirst = Array.from({ length: 256 }, () => []);
    for (const { bytes } of needles) this.#byFirst[bytes[0] ?? 0]?.push(bytes);
  }

  /** Returns the set of the needles of values, by name of the secret. */
  static async of(values: ReadonlyMap<string, SecretValue>): Promise<NeedleSet> {
    return new NeedleSet(await needlesOf(values));
  }

  /** Finds all needles that start in [from, to) and end within `length` bytes, in no particular order. */
  scan(bytes: Uint8Array, from: number, to: number, length: number, matches: Matches): void {
    for (const index of this.#indexes) index.scan(bytes, from, to, length, matches);
  }

  /** Returns the first position from `from` on where a needle may have begun that does not end within `length` bytes. */
  unfinishedFrom(bytes: Uint8Array, from: number, length: number): number {
    let compared = 0;
    for (let at = Math.max(from, length - this.longest + 1); at < length; at += 1)
      for (const needle of this.#byFirst[bytes[at] ?? 0] ?? []) {
        if (needle.length <= length - at) continue;
        const equal = equalBytes(bytes, at, length, needle);
        if (equal === length - at) return at;
        compared += equal;
        // Values that repeat themselves. The text before this position cannot be the beginning of a needle.
        if (compared > COMPARED_MAX) return this.#unfinishedByWalk(bytes, at, length);
      }
    return length;
  }

  /** The same in time that is in proportion to the needles. */
  #unfinishedByWalk(bytes: Uint8Array, from: number, length: number): number {
    let longest = 0; // a loop: a long key has more needles than a call can have arguments
    for (const [number, needle] of this.needles.entries())
      longest = Math.max(longest, prefixAtEnd(bytes, from, length, needle.bytes, this.#borders.of(number)));
    return length - longest;
  }

  /** Overwrites the values in memory. The set finds nothing afterwards. */
  clear(): void {
    clearNeedles(this.needles);
  }
}
