import fc from 'fast-check';
import t from 'tap';
import { TerminalText } from '../../../daemon/cli/io/terminal-text.ts';
import { harmfulIn, hostileTexts } from '../../support/hostile-text.ts';

/** Returns what is shown for bytes that arrive in these pieces. */
function shown(...pieces: readonly (string | Uint8Array)[]): string {
  const text = new TerminalText();
  return pieces.map((piece) => text.take(Buffer.from(piece))).join('') + text.end();
}

const COLOURS = ['\x1b[0m', '\x1b[1;31m', '\x1b[38;5;208m', '\x1b[48:2::1:2:3m', '\x1b[m'];

void t.test('keeps colours, newlines and tabs, and escapes all other control characters', (t) => {
  t.equal(shown('\x1b[1;31mred\x1b[0m\tx\r\ny\n'), '\x1b[1;31mred\x1b[0m\tx\ny\n\x1b[0m');
  t.equal(shown('no colour\n'), 'no colour\n', 'adds no reset');
  t.equal(shown('50 %\r100 %\n'), '50 %\\u000d100 %\n');
  t.equal(shown('\x1b[2J\x1b[31Kx\x1b[?25l'), '\\u001b[2J\\u001b[31Kx\\u001b[?25l');
  t.equal(shown('\x1b['), '\\u001b[', 'an unfinished sequence');
  t.equal(shown(`\x1b[${'1;'.repeat(40)}m`).slice(0, 8), '\\u001b[1', 'longer than any colour');
  t.equal(shown(Buffer.from([0x9b, 0x33, 0x31, 0x6d])), '\ufffd31m', 'CSI as a single byte');
  t.end();
});

void t.test('does not depend on where the pieces end', (t) => {
  const part = fc.oneof(
    fc.constantFrom(...hostileTexts, ...COLOURS, '\x1b', '[', '\r', '\n', '\t', 'é', '😀', '5m'),
    fc.string(),
  );
  const bytes = fc.oneof(
    fc.array(part).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array().map((any) => Buffer.from(any)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(60)), (whole, cuts) => {
      const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((end, index) => whole.subarray(places[index], end));
      const text = shown(whole);
      t.equal(shown(...pieces), text);
      t.same(harmfulIn(text.replace(/\x1b\[[0-9;:]*m/g, '').replaceAll('\t', '')), []);
    }),
    { numRuns: 500 },
  );
  t.end();
});
