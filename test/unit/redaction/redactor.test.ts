import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { NeedleSet } from '../../../daemon/redaction/needles/needle-set.ts';
import { Redactor, textRedactor } from '../../../daemon/redaction/redactor.ts';
import { SecretValue } from '../../../daemon/vault/secret-value.ts';

async function setOf(values: Readonly<Record<string, Buffer | string>>): Promise<NeedleSet> {
  return NeedleSet.of(
    new Map(Object.entries(values).map(([name, value]) => [name, new SecretValue(Buffer.from(value))])),
  );
}

function redactText(set: NeedleSet, text: string): string {
  return textRedactor(set)(text);
}

/** Redacts a stream that arrives in parts, with pauses in which what is held back is drained. */
function redact(set: NeedleSet, parts: readonly (Buffer | string)[], drains = false): Buffer {
  const redactor = new Redactor(set);
  const out = parts.flatMap((part) => [
    ...redactor.push(Buffer.from(part)),
    ...(drains ? redactor.drain() : []),
  ]);
  return Buffer.concat([...out, ...redactor.end()]);
}

void t.test('replaces values with the name of the secret', async (t) => {
  const set = await setOf({ DB_KEY: 's3cret-value', API_KEY: 'another-one' });
  t.equal(redactText(set, 'x s3cret-value y another-one'), 'x ***DB_KEY*** y ***API_KEY***');
  t.equal(redactText(set, 's3cret-valuanother-on'), 's3cret-valuanother-on');
  t.equal(redactText(set, ''), '');
  t.equal(redactText(await setOf({}), 'text'), 'text');
});

void t.test('replaces overlapping and nested values at once', async (t) => {
  const set = await setOf({ OUTER: 'abcdefghij', INNER: 'cdefgh', LATER: 'hijklmn' });
  t.equal(redactText(set, '<abcdefghij>'), '<***OUTER***>');
  t.equal(redactText(set, '<cdefgh>'), '<***INNER***>');
  t.equal(redactText(set, '<abcdefghijklmn>'), '<***OUTER***>', 'an overlap');
  t.equal(redactText(set, '<cdefghabcdefghij>'), '<***INNER******OUTER***>', 'neighbours');
  t.equal(redactText(await setOf({ A_KEY: 'aaaaaa' }), `x${'a'.repeat(5000)}y`), 'x***A_KEY***y');
});

void t.test('gives the same result for every split of the stream', async (t) => {
  const set = await setOf({ A_KEY: 's3cret-é-value', B_KEY: 'value!value!' });
  const stream = Buffer.from('before s3cre s3cret-é-value!value!value s3cret-é-valu');
  const whole = redact(set, [stream]);
  t.equal(whole.toString(), 'before s3cre ***A_KEY***value s3cret-é-valu');
  for (let first = 0; first <= stream.length; first += 1)
    for (let second = first; second <= stream.length; second += 1)
      for (const drains of [false, true]) {
        const parts = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
        if (!redact(set, parts, drains).equals(whole))
          t.fail(`split at ${String(first)} and ${String(second)}, drained: ${String(drains)}`);
      }
});

void t.test('holds back only the beginning of a value while the stream pauses', async (t) => {
  const redactor = new Redactor(await setOf({ A_KEY: 's3cret-value' }));
  const show = (out: Buffer[]): string => Buffer.concat(out).toString();
  t.equal(show([...redactor.push(Buffer.from('Password: s3cr')), ...redactor.drain()]), 'Password: ');
  t.equal(show([...redactor.push(Buffer.from('ew\n')), ...redactor.drain()]), 's3crew\n');
  t.equal(
    show([...redactor.push(Buffer.from('s3cret-value\nmore')), ...redactor.drain()]),
    '***A_KEY***\nmore',
  );
});

void t.test('replaces each line and piece of a long value', async (t) => {
  const lines = Array.from({ length: 900 }, () => randomBytes(48).toString('base64'));
  const set = await setOf({ PEM_KEY: `-----BEGIN KEY-----\n${lines.join('\n')}\n-----END KEY-----\n` });
  t.equal(redactText(set, `> ${lines[7] ?? ''}\n> ${lines[8] ?? ''}`), '> ***PEM_KEY***\n> ***PEM_KEY***');
  // Line breaks around a value are not part of what is found, so it must not begin or end with one.
  const binary = Buffer.concat([
    Buffer.from('A'),
    randomBytes(64 * 1024).map((byte) => byte || 1),
    Buffer.from('Z'),
  ]);
  const big = await setOf({ BIG_KEY: binary });
  const found = redact(big, ['<', binary, '>']);
  t.equal(found.toString(), `<${big.labels.get('BIG_KEY')?.toString() ?? ''}>`);
});

void t.test('never completes a value with a label', async (t) => {
  t.equal(
    redactText(await setOf({ PASSWORD: 'PASSWORD' }), 'my PASSWORD'),
    'my ***',
    'the name is the value',
  );
  const set = await setOf({ A_KEY: 'value1', B_KEY: 'x***A_KEY' });
  t.equal(redactText(set, 'xvalue1'), 'x###A_KEY###');
  // The bytes of B_KEY and its encodings contain # and the first byte of █.
  const others = await setOf({ A_KEY: 'aaaaa*', B_KEY: '\u{18c00}\u2003\u2003' });
  t.equal(redactText(others, 'aaaaaaaaaa*'), 'aaaaa===A_KEY===');
  const start = await setOf({ A_KEY: '*#value', B_KEY: Buffer.from([0x88, ...Buffer.from('value')]) });
  t.notMatch(redactText(start, '*#valuevalue'), '█', 'the last byte of the mark must not begin a value');
});

void t.test('takes linear time for values that repeat themselves', async (t) => {
  const value = 'ab'.repeat(20_000);
  const set = await setOf({ A_KEY: value });
  const nearly = value.slice(1).repeat(20);
  // With quadratic time, this takes minutes and the test reaches its limit.
  for (const drains of [false, true])
    t.equal(redact(set, [nearly, nearly, 'x', value, 'y'], drains).subarray(-13).toString(), 'x***A_KEY***y');
});

void t.test('drains a stream with more needles than a call can have arguments', async (t) => {
  const lines = (letter: string): string =>
    Array.from({ length: 7000 }, (_, index) => `${letter}${String(index).padStart(6, '0')}!`).join('\n');
  const set = await setOf({
    A_KEY: 'ab'.repeat(20_000),
    B_KEY: lines('b'),
    C_KEY: lines('c'),
    D_KEY: lines('d'),
  });
  t.ok(set.needles.length > 150_000);
  // Nearly the beginning of A_KEY, at each position.
  const stream = `${'ab'.repeat(15_000)}x`;
  t.same(redact(set, [stream], true), redact(set, [stream]));
});

void t.test('finds nothing after its needles were cleared', async (t) => {
  const set = await setOf({ A_KEY: 's3cret-value' });
  set.clear();
  t.equal(redactText(set, 's3cret-value'), 's3cret-value');
  t.ok(set.needles.every(({ bytes }) => bytes.every((byte) => byte === 0)));
});

/** Values and a stream that is made of them, of parts of them, and of other text. */
const streams = fc.record({
  values: fc.dictionary(
    fc.constantFrom('A_KEY', 'B_KEY', 'C_KEY'),
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', '*', '\n'), minLength: 1, maxLength: 12 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !text.includes('\0')),
    ),
  ),
  parts: fc.array(
    fc.oneof(
      fc.record({ needle: fc.nat(), from: fc.nat(12), cut: fc.nat(12) }),
      fc.string({ unit: fc.constantFrom('a', 'b', '*', 'x', '\n'), maxLength: 8 }),
    ),
    { maxLength: 12 },
  ),
});
type Stream = typeof streams extends fc.Arbitrary<infer Value> ? Value : never;

/** Returns the set and the parts of a stream; a third of the needles in it are whole. */
async function prepare({ values, parts }: Stream): Promise<{ set: NeedleSet; chunks: Buffer[] }> {
  const set = await setOf(values);
  const chunks = parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(part);
    const bytes = set.needles[part.needle % Math.max(1, set.needles.length)]?.bytes ?? Buffer.from('x');
    return part.cut % 3 === 0
      ? bytes
      : bytes.subarray(part.from, Math.max(part.from, bytes.length - part.cut));
  });
  return { set, chunks };
}

void t.test('leaves no needle in the output, whatever the split', async () => {
  await fc.assert(
    fc.asyncProperty(streams, fc.boolean(), async (stream, drains) => {
      const { set, chunks } = await prepare(stream);
      const out = redact(set, chunks, drains);
      const whole = redact(set, [Buffer.concat(chunks)]);
      return out.equals(whole) && !set.needles.some(({ bytes }) => out.includes(bytes));
    }),
    { numRuns: 1000 },
  );
});

void t.test('does not change text without needles', async () => {
  await fc.assert(
    fc.asyncProperty(streams, async (stream) => {
      const { set, chunks } = await prepare(stream);
      const text = Buffer.concat(chunks);
      const isClean = !set.needles.some(({ bytes }) => text.includes(bytes));
      return redact(set, chunks).equals(text) === isClean;
    }),
    { numRuns: 1000 },
  );
});
