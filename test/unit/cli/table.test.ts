import stringWidth from 'string-width';
import t from 'tap';
import { printTable } from '../../../daemon/cli/io/table.ts';

/** Returns what `printTable` prints. */
async function printed(header: readonly string[], rows: readonly (readonly string[])[]): Promise<string[]> {
  const chunks: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string | Uint8Array): boolean => chunks.push(String(chunk)) > 0;
  try {
    await printTable(header, rows);
  } finally {
    process.stdout.write = write;
  }
  return chunks.join('').split('\n').slice(0, -1);
}

void t.test('pads each column to its widest cell', async (t) => {
  t.same(
    await printed(
      ['NAME', 'SET'],
      [
        ['A_LONG_NAME', 'x'],
        ['B', ''],
      ],
    ),
    ['NAME         SET', 'A_LONG_NAME  x', 'B'],
  );
});

void t.test('pads by columns on the terminal, not by code units', async (t) => {
  const cells = {
    ascii: ['plain', 5],
    chinese: ['漢字', 4],
    fullwidth: ['ＡＢ', 4],
    halfwidth: ['ｶﾞ', 2],
    korean: ['한국어', 6],
    combining: ['e\u0301a\u0308', 2],
    hindi: ['नि', 2],
    emoji: ['😀🎉', 4],
    flag: ['🇦🇹', 2],
    skin: ['👍🏽', 2],
    ambiguous: ['äöü', 3],
  } as const;
  const rows = Object.values(cells).map(([cell]) => [cell, '|']);
  const lines = (await printed(['TEXT', '|'], rows)).slice(1);
  const gaps = lines.map((line) => /( *)\|$/.exec(line)?.[1]?.length);
  t.same(
    gaps,
    Object.values(cells).map(([, columns]) => 6 - columns + 2),
  );
});

void t.test('shows control characters as text, and counts them as such', async (t) => {
  const [, ...lines] = await printed(
    ['NAME', '|'],
    [
      ['\x1b[31mred\x1b[0m', '|'],
      ['\u202e漢', '|'],
      ['👩\u200d🔬', '|'],
      ['a\tb\nc', '|'],
    ],
  );
  t.match(lines[0], /^\\u001b\[31mred\\u001b\[0m {2}\|$/);
  t.equal(lines.length, 4);
  for (const line of lines) {
    t.notMatch(line, /[\x00-\x1f\u202e\u200d]/);
    t.equal(stringWidth(line), stringWidth(lines[0] ?? ''), line);
  }
});
