import type { SecretValue } from '../vault/secret-value.ts';

/** Shorter values are not looked for: they would match everywhere and masking them would tell what they are. */
const SHORTEST = 4;

/** Replaces each of the values, where it stands in a text, by `[secret]`. The longest first, as one may hold another. */
export function mask(text: string, values: Iterable<SecretValue>): string {
  const needles = [...values]
    .map((value) => value.open().toString('utf8'))
    .filter((needle) => needle.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return needles.reduce((masked, needle) => masked.replaceAll(needle, '[secret]'), text);
}
