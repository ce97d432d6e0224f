import type { Needle } from './needles.ts';

/**
 * Returns for each prefix of a text the length of its longest proper prefix that is also its suffix: the failure function of Knuth,
 * Morris and Pratt (1977).
 */
function bordersOf(text: Uint8Array): Int32Array {
  const borders = new Int32Array(text.length);
  for (let at = 1, matched = 0; at < text.length; at += 1) {
    matched = next(text, borders, matched, text[at] ?? 0);
    borders[at] = matched;
  }
  return borders;
}

/** The borders of needles by their numbers. They are computed when they are first needed, which is seldom. */
export class NeedleBorders {
  readonly #needles: readonly Needle[];
  readonly #borders = new Map<number, Int32Array>();

  constructor(needles: readonly Needle[]) {
    this.#needles = needles;
  }

  of(number: number): Int32Array {
    const borders = this.#borders.get(number) ?? bordersOf(this.#needles[number]?.bytes ?? new Uint8Array(0));
    this.#borders.set(number, borders);
    return borders;
  }
}

/** Returns how much of a text is matched after another byte. A whole match must be replaced by its border before. */
function next(text: Uint8Array, borders: Int32Array, matched: number, byte: number): number {
  let length = matched;
  while (length > 0 && text[length] !== byte) length = borders[length - 1] ?? 0;
  return text[length] === byte ? length + 1 : 0;
}

/**
 * Calls `found` with each position in [from, to) where a text starts that ends within `length` bytes. Takes time in proportion to the
 * bytes, also if the text repeats itself and nearly matches everywhere.
 */
export function walkMatches(
  bytes: Uint8Array,
  [from, to, length]: readonly [from: number, to: number, length: number],
  text: Uint8Array,
  borders: Int32Array,
  found: (start: number) => void,
): void {
  let matched = 0;
  for (let at = from; at < length; at += 1) {
    matched = next(text, borders, matched, bytes[at] ?? 0);
    if (at - matched + 1 >= to) return; // later matches start after `to`
    if (matched < text.length) continue;
    found(at - matched + 1);
    matched = borders[matched - 1] ?? 0;
  }
}

/** Returns the length of the longest end of [from, to) with which the text starts, less than the whole text. */
export function prefixAtEnd(
  bytes: Uint8Array,
  from: number,
  to: number,
  text: Uint8Array,
  borders: Int32Array,
): number {
  let matched = 0;
  for (let at = Math.max(from, to - text.length + 1); at < to; at += 1)
    matched = next(text, borders, matched, bytes[at] ?? 0);
  return matched;
}
