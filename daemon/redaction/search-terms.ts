import type { SecretValue } from '../vault/secret-value.ts';
import { formsOf, withoutBackslashes } from './encodings.ts';

/** Shorter values match everywhere. The same limit as in mask.ts. */
const SHORTEST = 4;
/** Minimum for one line of a multi-line value: words such as `true` and `done` occur in every script. */
const SHORTEST_LINE = 8;
/** Identical in all keys of the same kind. */
const PEM_BOUNDARY = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

export interface SearchTerm {
  readonly secret: string;
  /** Without backslashes; at least four bytes. */
  readonly text: Buffer;
}

/** The terms to search for, and the names of secrets that cannot be searched for, by reason. */
export interface SearchTerms {
  readonly terms: readonly SearchTerm[];
  /** The value is too short. */
  readonly short: readonly string[];
  /** The value is part of text that occurs in the files of every run. */
  readonly common: readonly string[];
}

/**
 * Returns the terms for the values of secrets, by secret name. Multi-line values are searched line by line, because logs
 * and scripts indent and quote each line. `common` is text that occurs in the files of every run; a value that is part of
 * it cannot be detected. The plugin follows the same rules (plugin/, SearchTerms.java).
 */
export function searchTerms(values: ReadonlyMap<string, SecretValue>, common: string): SearchTerms {
  const terms: SearchTerm[] = [];
  const [short, words]: [string[], string[]] = [[], []];
  for (const [secret, value] of values) {
    const parts = partsOf(value.open());
    const distinct = parts.filter((part) => !Buffer.from(common).includes(part));
    if (parts.length === 0) short.push(secret);
    else if (distinct.length === 0) words.push(secret);
    for (const text of distinct.flatMap(formsOf)) if (text.length >= SHORTEST) terms.push({ secret, text });
  }
  return { terms, short, common: words };
}

/**
 * Splits a value into the parts to search for: the line of a single-line value, or the lines of a multi-line value that
 * are long enough. If none is, the whole value. Returns an empty array for a value that is too short.
 */
export function partsOf(value: Buffer): Buffer[] {
  const text = value.toString('latin1'); // one character per byte
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  if (lines.length === 1) return longEnough(lines, SHORTEST);
  const distinct = [...new Set(lines.map((line) => line.trim()))];
  const parts = longEnough(
    distinct.filter((line) => !PEM_BOUNDARY.test(line)),
    SHORTEST_LINE,
  );
  return parts.length > 0 ? parts : longEnough([text.trim()], SHORTEST);
}

function longEnough(texts: readonly string[], shortest: number): Buffer[] {
  return texts
    .map((text) => Buffer.from(text, 'latin1'))
    .filter((bytes) => withoutBackslashes(bytes).length >= shortest);
}
