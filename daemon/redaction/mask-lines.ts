import type { SecretValue } from '../vault/secret-value.ts';
import { partsOf } from './search-terms.ts';

/**
 * Replaces each of the values, and each line of those of several, by `[secret]` in a text of one line: what was made of a
 * value there may lack its line ends. The longest first, as one may hold another.
 */
export function maskLines(text: string, values: Iterable<SecretValue>): string {
  const parts = [...values].flatMap((value) => partsOf(value.open()).map((part) => part.toString('utf8')));
  return parts
    .sort((a, b) => b.length - a.length)
    .reduce((masked, part) => masked.replaceAll(part, '[secret]'), text);
}
