import type { SecretValue } from '../vault/secret-value.ts';
import { formsOf, withoutBackslashes } from './encodings.ts';

/** Shorter values would be found everywhere. As in mask.ts. */
const SHORTEST = 4;
/** Of a value of several lines: `true`, `done` and the like stand in every script. */
const SHORTEST_LINE = 8;
/** The same in every key of its kind. */
const PEM_BOUNDARY = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

export interface SearchTerm {
  readonly secret: string;
  /** Without backslashes; at least four bytes. */
  readonly text: Buffer;
}

/** What files are searched for, and the names of the secrets that are not searched for, by reason. */
export interface SearchTerms {
  readonly terms: readonly SearchTerm[];
  readonly short: readonly string[];
  readonly common: readonly string[];
}

/**
 * What files are searched for: the values of secrets by their names, and of a value of several lines each line, since logs
 * and scripts indent and quote lines one by one. `common`: text that is in the files of every run; what is part of it
 * cannot be told from it. The plugin searches by the same rules (plugin/, SearchTerms.java).
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

/** A value of one line, without line ends; or those lines of several that are long enough, else all of it. */
export function partsOf(value: Buffer): Buffer[] {
  const text = value.toString('latin1'); // a character a byte
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
