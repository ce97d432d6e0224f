import stringWidth from 'string-width';
import t from 'tap';
import type { Display } from '../../../daemon/cli/io/display.ts';
import { formatForPrograms, formatTable, type Column } from '../../../daemon/cli/io/table.ts';

const PIPE: Display = { isTerminal: false, width: Infinity, height: Infinity, hasColour: false };
const terminal = (width: number): Display => ({ ...PIPE, isTerminal: true, width });

const ID = 'r20261129474amupzuok85c0s';
const COLUMNS: readonly Column[] = [
  { title: 'RUN', is: 'run' },
  'NAME',
  { title: 'STATE', is: 'state' },
  { title: 'STARTED', is: 'time' },
  { title: 'DIRECTORY', is: 'path' },
  { title: 'DETAILS', is: 'long' },
];
const started = new Date(Date.now() - 150 * 60_000).toISOString();
const ROW = [
  ID,
  'gloomy_fermat',
  'succeeded',
  started,
  `/data/${'deep/'.repeat(30)}launch`,
  'word '.repeat(40),
];

void t.test('pads each column to its widest cell', async (t) => {
  const rows = [
    ['A_LONG_NAME', 'x'],
    ['B', ''],
  ];
  t.same(await formatTable(['NAME', 'SET'], rows, PIPE), ['NAME         SET', 'A_LONG_NAME  x', 'B']);
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
  const lines = (await formatTable(['TEXT', '|'], rows, PIPE)).slice(1);
  const gaps = lines.map((line) => /( *)\|$/.exec(line)?.[1]?.length);
  t.same(
    gaps,
    Object.values(cells).map(([, columns]) => 6 - columns + 2),
  );
});

void t.test('shows control characters as text, and counts them as such', async (t) => {
  const rows = [
    ['\x1b[31mred\x1b[0m', '|'],
    ['\u202e漢', '|'],
    ['👩\u200d🔬', '|'],
    ['a\tb\nc', '|'],
  ];
  const [, ...lines] = await formatTable(['NAME', '|'], rows, PIPE);
  t.match(lines[0], /^\\u001b\[31mred\\u001b\[0m {2}\|$/);
  t.equal(lines.length, 4);
  for (const line of lines) {
    t.notMatch(line, /[\x00-\x1f\u202e\u200d]/);
    t.equal(stringWidth(line), stringWidth(lines[0] ?? ''), line);
  }
});

void t.test('fits the width of the terminal', async (t) => {
  const wide = ROW.map((cell, column) => (column === 1 ? '漢字'.repeat(60) : cell));
  for (const width of [40, 60, 80, 100, 132, 200])
    for (const row of [ROW, wide])
      for (const line of await formatTable(COLUMNS, [row], terminal(width)))
        t.ok(stringWidth(line) <= width, `${String(width)}: ${line}`);
});

void t.test('keeps names, states and times, and shortens ids, paths and long texts', async (t) => {
  const [, line = ''] = await formatTable(COLUMNS, [ROW], terminal(100));
  t.match(
    line,
    /^r20261129474a {2}gloomy_fermat {2}succeeded {2}2 hours ago {2}\.\.\..*launch {2}word .*\.\.\.$/,
  );
  const [, whole = ''] = await formatTable(COLUMNS, [ROW], terminal(1000));
  t.ok(whole.startsWith(ID) && !whole.includes('...'), 'nothing is shortened without need');
});

void t.test('shortens ids of runs to prefixes that differ', async (t) => {
  const ids = ['r20261129474amupzuok85c0s', 'r20261129474amupzuok85c1s', 'r20261129474bmupzuok85c0s'];
  const rows = ids.map((id) => [id, 'x'.repeat(80)]);
  const columns: Column[] = [{ title: 'RUN', is: 'run' }, 'NAME'];
  const shown = (await formatTable(columns, rows, terminal(80))).slice(1).map((line) => line.split(' ')[0]);
  t.equal(new Set(shown).size, 3);
  for (const [index, id] of ids.entries()) t.ok(id.startsWith(shown[index] ?? '-'));
});

void t.test('shortens between characters, and within the width', async (t) => {
  for (const text of ['👍🏽'.repeat(50), 'e\u0301'.repeat(100), '漢'.repeat(60), '🇦🇹'.repeat(50)]) {
    const [, line = ''] = await formatTable(['NAME', 'X'], [[text, 'x']], terminal(31));
    t.ok(stringWidth(line) <= 31, line);
    const kept = line.replace(/\.\.\. *x$/, '');
    t.ok(text.startsWith(kept) && kept.length > 0, kept);
    t.notMatch(text.slice(kept.length), /^[\u0301\u{1f3fd}]/u, 'no mark is separated from its letter');
  }
});

void t.test('prints rows for programs: whole cells separated by tabs, exact times, no header', (t) => {
  const lines = formatForPrograms(COLUMNS, [ROW, ['a\tb', 'c\nd', '', '-', '', '']], PIPE);
  t.same(lines, [ROW.join('\t'), 'a\\u0009b\tc\\u000ad\t\t-\t\t']);
  t.end();
});

void t.test(
  'colours states only where the display has colours, and escapes all other sequences',
  async (t) => {
    const display = { ...terminal(80), hasColour: true };
    const columns: Column[] = ['NAME', { title: 'STATE', is: 'state' }, 'X'];
    const rows = [
      ['\x1b[31m', 'failed', 'x'],
      ['b', '\x1b[32mok', 'x'],
    ];
    const lines = await formatTable(columns, rows, display);
    t.match(lines[1], /^\\u001b\[31m {2}\x1b\[31mfailed\x1b\[0m {8}x$/);
    t.notMatch(lines[2], '\x1b', 'an unknown state has no colour');
    t.notMatch((await formatTable(columns, rows, terminal(80))).join(''), '\x1b');
  },
);
