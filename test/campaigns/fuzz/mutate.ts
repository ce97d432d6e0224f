import type { Random } from './random.ts';

const LENGTH_MAX = 256 * 1024;

/** Tokens that break parsers: line ends, separators, extreme numbers, special names, invalid UTF-8. */
const TOKENS: readonly string[] = [
  ...['\0', '\n', '\r', '\r\n', '\t', '"', "'", '\\', '`', '$(id)', '${x}', '=', ':', ',', ';', '#', ' '],
  ...['{', '}', '[', ']', '[]', '{}', 'null', 'true', '-1', '0', '1e999', '-0', '9007199254740993', 'NaN'],
  ...['99999999999999999999', '2147483648', '__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ...['../', '/', '/dev/zero', '/proc/self/mem', '..', '.', '~', '%00', '%zz', '%2f', '&a=', '*', '<<: *a'],
  ...[
    '\u00ff',
    '\u00c3\u0028',
    '\u00ed\u00a0\u0080',
    '\u00f4\u0090\u0080\u0080',
    '\u00ef\u00bb\u00bf',
    '\\ud800',
    '\\u0000',
  ],
];
const REPEATED: readonly string[] = ['[', '{"a":', 'A', '\n', ' ', '_', '-', '\\', '(', '0', 'a: ', '<', '"'];

/** Changes some bytes of a saved input, or splices it with another input of the same target. */
export function mutate(input: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes = input;
  for (let rounds = 1 + random(4); rounds > 0; rounds -= 1) bytes = change(bytes, others, random);
  return bytes.subarray(0, LENGTH_MAX);
}

function change(bytes: Buffer, others: readonly Buffer[], random: Random): Buffer {
  const at = random(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + random(random(4) === 0 ? 64 : 4));
  const without = (): Buffer => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
  const within = (piece: Buffer, cut = 0): Buffer =>
    Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + cut)]);
  switch (random(11)) {
    case 0:
      return flip(bytes, at, 1 << random(8));
    case 1:
      return flip(bytes, at, random(256));
    case 2:
      return without();
    case 3:
      return within(bytes.subarray(at, at + length));
    case 4:
      return within(token(random));
    case 5:
      return within(token(random), length);
    case 6:
      return bytes.subarray(0, at);
    case 7:
      return within(piece(others, random));
    case 8:
      return within(piece(others, random), length);
    case 9:
      return within(Buffer.from(Array.from({ length }, () => random(256))), length);
    default:
      // Rarely long, because few long inputs suffice to find superlinear parsers.
      return within(repeated(random, random(20) === 0 ? 4096 : 32));
  }
}

function flip(bytes: Buffer, at: number, bits: number): Buffer {
  if (at >= bytes.length) return bytes;
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ bits;
  return changed;
}

function token(random: Random): Buffer {
  return Buffer.from(TOKENS[random(TOKENS.length)] ?? '', 'latin1');
}

function repeated(random: Random, most: number): Buffer {
  return Buffer.from((REPEATED[random(REPEATED.length)] ?? '').repeat(1 + random(most)));
}

function piece(others: readonly Buffer[], random: Random): Buffer {
  const other = others[random(others.length)] ?? Buffer.alloc(0);
  const start = random(other.length + 1);
  return other.subarray(start, start + 1 + random(64));
}
