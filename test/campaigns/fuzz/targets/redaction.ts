import { array, nat, record, string, tuple, uint8Array } from 'fast-check';
import { NeedleSet } from '../../../../daemon/redaction/needles/needle-set.ts';
import { Redactor } from '../../../../daemon/redaction/redactor.ts';
import { SecretValue } from '../../../../daemon/vault/secret-value.ts';
import { hold, type Target } from '../target.ts';

const SEPARATOR = 0;
const NAMES = ['A_KEY', 'B_KEY', 'C_KEY'];

/** Streams that contain values. An input has three values, then the bytes that build a stream of them, divided by NUL. */
export const redaction: Target = {
  name: 'redaction',
  share: 40,
  arbitrary: record({
    values: array(string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), { minLength: 3, maxLength: 3 }),
    stream: array(tuple(nat(255), nat(255)), { maxLength: 40 }),
    other: uint8Array({ maxLength: 40, min: 1 }),
  }).map(({ values, stream, other }) =>
    Buffer.concat([
      ...values.map((value) => Buffer.from(`${value.replaceAll('\0', 'x')}\0`)),
      Buffer.from(stream.flat().map((byte) => byte || 1)),
      Buffer.from(other),
    ]),
  ),
  open: () => ({
    run: async (input) => {
      const parts = split(input);
      const set = await NeedleSet.of(
        new Map(NAMES.map((name, at) => [name, new SecretValue(parts[at] ?? Buffer.alloc(0))])),
      );
      const chunks = streamOf(set, parts.slice(NAMES.length));
      const text = Buffer.concat(chunks);
      const whole = redact(set, [text], false);
      for (const drains of [false, true])
        hold(redact(set, chunks, drains).equals(whole), 'the output does not depend on the split');
      hold(!set.needles.some(({ bytes }) => whole.includes(bytes)), 'no needle is in the output');
      const isClean = !set.needles.some(({ bytes }) => text.includes(bytes));
      hold(!isClean || whole.equals(text), 'text without needles is unchanged');
    },
  }),
};

function split(input: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let end = input.indexOf(SEPARATOR); end !== -1; end = input.indexOf(SEPARATOR, from)) {
    parts.push(input.subarray(from, end));
    from = end + 1;
  }
  return [...parts, input.subarray(from)];
}

/** Builds a stream: each pair of bytes selects a needle or a part of it; what is left over is text. */
function streamOf({ needles }: NeedleSet, rest: readonly Buffer[]): Buffer[] {
  const bytes = Buffer.concat(rest);
  const chunks: Buffer[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const [first = 0, second = 0] = bytes.subarray(at, at + 2);
    const needle = needles[first % Math.max(1, needles.length)]?.bytes;
    if (needle === undefined || second % 4 === 0) chunks.push(bytes.subarray(at, at + 2));
    else if (second % 4 === 1) chunks.push(needle);
    else chunks.push(needle.subarray(second % 7, needle.length - (second % 5)));
  }
  return chunks;
}

function redact(set: NeedleSet, chunks: readonly Buffer[], drains: boolean): Buffer {
  const redactor = new Redactor(set);
  const out = chunks.flatMap((chunk) => [...redactor.push(chunk), ...(drains ? redactor.drain() : [])]);
  return Buffer.concat([...out, ...redactor.end()]);
}
