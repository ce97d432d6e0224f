import type { SecretValue } from '../vault/secret-value.ts';
import { partsOf } from './search-terms.ts';

/**
 * Replaces the values, and each line of multi-line values, by `[secret]` in a single line of text, where a value may have
 * lost its line breaks. Replaces the longest first, because one value may contain another.
 */
export function maskLines(text: string, values: Iterable<SecretValue>): string {
  const parts = [...values].flatMap((value) => partsOf(value.open()).map((part) => part.toString('utf8')));
  return parts
    .sort((a, b) => b.length - a.length)
    .reduce((masked, part) => masked.replaceAll(part, '[secret]'), text);
}
