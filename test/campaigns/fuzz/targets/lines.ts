import { array, constantFrom, oneof, string, tuple, uint8Array, type Arbitrary } from 'fast-check';

/** Returns an arbitrary of bytes that are mostly lines of the given words, some of them valid. */
export function lines(...words: readonly string[]): Arbitrary<string | Uint8Array> {
  const word = oneof(
    { weight: 3, arbitrary: constantFrom(...words) },
    { weight: 1, arbitrary: string({ maxLength: 12 }) },
  );
  const line = tuple(array(word, { maxLength: 8 }), constantFrom('\n', '\n', '\n', '\r\n', '')).map(
    ([parts, end]) => parts.join('') + end,
  );
  return oneof(
    { weight: 5, arbitrary: array(line, { maxLength: 12 }).map((all) => all.join('')) },
    { weight: 1, arbitrary: uint8Array({ maxLength: 200 }) },
  );
}
