import { randomBytes, randomInt } from 'node:crypto';

const MAX = 64 * 1024;
const HARD = [
  '\n', '\n\n\n', 'a\n', '\na', '\n\na\n\n', 'a\nb', 'a\r\nb\r\n', '\r', 'a\n\n\nb', ' ', '  a  ', '\t', '\ta\t',
  '"', "'", '`', '$', '\\', '"a"', "'a'", '`id`', '$(id)', '${HOME}', '$HOME', '$$', '$', '\\\\', 'a\\', 'a\\\n', '\\n',
  '\\"', "\\'", 'a"b`c$d\\e', "'; id; '", '"; id; "', '`', '$(', '${', '!', '!!', '#', '#a', 'a#', '~', '~root', '*', '?',
  '[a]', '{a,b}', '<', '>', '|', '&', ';', '(', ')', '%', '%s', '%n', '%%', '-', '-n', '-e', '--', '-rf', '=', '==', 'a=b',
  'V0001=x', 'x V0001=x', '\nV0001=x', 'export V0001=x', 'x', 'xx', 'ax', 'x\n', '\0'.replace('\0', '\x01'), '\x7f', '\x1b[31m', '\ufeffa',
  'é', '漢字', '🧬', 'e\u0301', '\u2028', '\u202e', 'NaN', 'null', 'true', '0', '00', '1e3', '{}', '[]', '{"a":1}', '---', '---\na: b',
  '<?xml?>', 'EOF', '\nEOF\n', '<<EOF', 'exit 1', 'set -e', '; exit 1', '&& exit 1', '|| exit 1', '/dev/null', '../..', '/',
  '-----BEGIN KEY-----\nYWJj\nZGVm\n-----END KEY-----\n',
]; // prettier-ignore

/**
 * Returns `size` values that are hard to deliver exactly: texts that break shells and formats, every byte but 0 alone and
 * between others, invalid UTF-8, long values and random ones. Each call returns new random values.
 */
export function corpus(size: number): Buffer[] {
  const bytes = Array.from({ length: 255 }, (_, index) => index + 1);
  const values = [
    ...HARD.map((text) => Buffer.from(text)),
    ...bytes.map((byte) => Buffer.from([byte])),
    ...bytes.map((byte) => Buffer.from([0x61, byte, 0x62, byte])),
    Buffer.from(bytes),
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0xc3]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xf4, 0x90, 0x80, 0x80]),
    Buffer.alloc(MAX, 0x0a),
    Buffer.alloc(MAX, 0x5c),
    withoutNul(randomBytes(MAX)),
  ];
  while (values.length < size) values.push(withoutNul(randomBytes(randomInt(1, 120))));
  return values;
}

function withoutNul(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte === 0 ? 0x24 : byte)));
}
