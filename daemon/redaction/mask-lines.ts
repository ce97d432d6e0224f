import type { SecretValue } from '../vault/secret-value.ts';
import { partsOf } from './search-terms.ts';

/**
 * Returns what replaces each of the values, and each line of those of several, by `[secret]` in a text of one line: what was
 * made of a value there may lack its line ends. The longest first, as one may hold another.
 */
export function lineMask(values: Iterable<SecretValue>): (text: string) => string {
  const parts = [...values]
    .flatMap((value) => partsOf(value.open()).map((part) => part.toString('utf8')))
    .sort((a, b) => b.length - a.length);
  return (text) => parts.reduce((masked, part) => masked.replaceAll(part, '[secret]'), text);
}
