import fc from 'fast-check';
import t from 'tap';
import { escapeJson, escapeLines, escapeText } from '../../../daemon/system/escape-text.ts';
import { harmfulIn, hostileTexts, isHarmful } from '../../support/hostile-text.ts';

const text = fc
  .array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...hostileTexts, '\ud800')))
  .map((parts) => parts.join(''));

void t.test('escapes every harmful character', (t) => {
  fc.assert(
    fc.property(text, (any) => {
      const line = escapeText(any);
      t.same(harmfulIn(line), []);
      t.notOk(line.includes('\n'));
      t.equal(escapeText(line), line, 'idempotent');
      const lines = escapeLines(any);
      t.same(harmfulIn(lines.replaceAll('\t', '')), []);
      t.equal(lines.split('\n').length, any.split('\n').length);
    }),
  );
  t.end();
});

void t.test('keeps harmless code points and escapes harmful ones by number', (t) => {
  const wrong: string[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const character = String.fromCodePoint(code);
    const hex = code.toString(16);
    const escape = code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
    if (escapeText(character) !== (isHarmful(character) ? escape : character)) wrong.push(hex);
  }
  t.same(wrong, []);
  for (const kept of ['é漢字😀 ¿', 'مرحبا', String.raw`C:\dir\u001b`, 'a b'])
    t.equal(escapeText(kept), kept, 'keeps letters of all scripts');
  t.end();
});

void t.test('escapes JSON without changing its data', (t) => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text))), (data) => {
      const json = escapeJson(JSON.stringify(data, null, 2));
      t.same(harmfulIn(json), []);
      t.same(JSON.parse(json), data);
    }),
  );
  t.end();
});
