import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { searchTerms } from '../../../daemon/redaction/search-terms.ts';
import { PART, StreamSearch } from '../../../daemon/redaction/stream-search.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

function termsOf(values: Readonly<Record<string, Buffer | string>>): StreamSearch {
  const all = new Map(
    Object.entries(values).map(([name, value]) => [name, new SecretValue(Buffer.from(value))] as const),
  );
  return new StreamSearch(searchTerms(all, '').terms);
}

function find(search: StreamSearch, ...parts: (Buffer | string)[]): string[] {
  for (const part of parts) {
    const bytes = Buffer.from(part);
    for (let at = 0; at < bytes.length; at += PART) search.accept(bytes.subarray(at, at + PART));
  }
  return search.end();
}

void t.test('finds a value wherever the stream is split', async (t) => {
  const value = 's3cret-é-value';
  const stream = Buffer.from(`before s3cre${value}s3cret-`);
  const search = termsOf({ A_KEY: value });
  for (let first = 0; first <= stream.length; first += 1)
    for (let second = first; second <= stream.length; second += 1) {
      const parts = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
      if (find(search, ...parts)[0] !== 'A_KEY') t.fail(`split at ${String(first)} and ${String(second)}`);
    }
  t.same(find(search, 's3cret-é-valu', 'X'), []);
});

void t.test('finds a value across the edge of the window', async (t) => {
  const value = Buffer.from('0123456789abcdef');
  const search = termsOf({ A_KEY: value });
  for (const window of [1, 2])
    for (let shift = -18; shift <= 2; shift += 1) {
      const stream = Buffer.alloc(window * PART + shift + value.length, '0');
      value.copy(stream, window * PART + shift);
      t.same(find(search, stream), ['A_KEY'], `at ${String(window * PART + shift)}`);
    }
});

void t.test('finds the largest value, and compares all its bytes', async (t) => {
  const value = Buffer.from(randomBytes(64 * 1024).map((byte) => (byte === 10 || byte === 13 ? 120 : byte)));
  const search = termsOf({ BIG_KEY: value });
  const noise = randomBytes(PART);
  t.same(find(search, noise), []);
  t.same(find(search, noise, value, noise), ['BIG_KEY']);
  value.writeUInt8((value.at(-1) ?? 0) ^ 1, value.length - 1);
  t.same(find(search, noise, value, noise), []);
});

void t.test('finds the same values as String.includes', async () => {
  const letters = (min: number, max: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength: min, maxLength: max });
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('A_KEY', 'B_KEY', 'C_KEY'), letters(4, 9)),
      fc.array(letters(0, 80), { maxLength: 4 }),
      (values, parts) => {
        const expected = Object.keys(values).filter((name) => parts.join('').includes(values[name] ?? ''));
        return find(termsOf(values), ...parts).join() === expected.sort().join();
      },
    ),
    { numRuns: 2000 },
  );
});

void t.test('does not carry over a match from one stream to the next', async (t) => {
  const search = termsOf({ A_KEY: 'abcdefgh' });
  t.same(find(search, 'abcd'), []);
  t.same(find(search, 'efgh'), []);
  t.same(find(termsOf({}), 'some text'), []);
});
