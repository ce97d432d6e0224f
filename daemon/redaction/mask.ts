import type { SecretValue } from '../vault/secret-value.ts';

/** Shorter values are not masked: they match everywhere, and the masked positions would reveal them. */
const SHORTEST = 4;

/** Replaces the values in a text by `[secret]`. Replaces the longest first, because one value may contain another. */
export function mask(text: string, values: Iterable<SecretValue>): string {
  const needles = [...values]
    .map((value) => value.open().toString('utf8'))
    .filter((needle) => needle.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return needles.reduce((masked, needle) => masked.replaceAll(needle, '[secret]'), text);
}
