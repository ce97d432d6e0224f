// The recording of `npm run recording` shows the commands of the README. The modules that draw it are tested here too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { commandsOf } from '../../support/documents/pages.ts';
import { missingLines } from '../../support/documents/shown-output.ts';
import { root } from '../../support/sandbox.ts';

const load = async (name: string): Promise<Record<string, unknown>> =>
  (await import(pathToFileURL(join(root, 'scripts/recording', name)).href)) as Record<string, unknown>;
const { readScreen } = (await load('read-screen.mjs')) as { readScreen: (output: string) => string[] };
const { drawTerminal } = (await load('draw-terminal.mjs')) as {
  drawTerminal: (lines: { text: string; isCommand: boolean }[]) => string;
};

function textsIn(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
  );
}

void t.test('the recording shows the commands of the README and what they print', (t) => {
  const texts = textsIn(readFileSync(join(root, 'docs/images/first-run.svg'), 'utf8'));
  const commands = commandsOf('README.md').filter(({ notRun }) => notRun === undefined);
  t.same(
    texts.filter((text) => text.startsWith('$ ')),
    commands.map(({ text }) => `$ ${text}`),
    'run npm run recording',
  );
  // A line that is longer than the terminal is split.
  const output = texts.map((text, index) => `${text}${texts[index + 1] ?? ''}`).concat(texts);
  for (const { text, shown } of commands)
    t.same(missingLines(shown, output.join('\n'), '/home/you'), [], text);
  t.end();
});

void t.test('the screen contains what remains after moves of the cursor', (t) => {
  t.same(readScreen('one\r\ntwo\rTHREE\x1b[2D..\r\n'), ['one', 'THR..', '']);
  t.same(readScreen('? Value:\x1b[?25l\x1b[2K\x1b[G\x1b[32mdone\x1b[0m\x1b[K'), ['done']);
  t.same(readScreen('a\r\nb\x1b[1A\x1b[Kc'), ['ac', 'b']);
  t.same(readScreen('\x1b]0;title\x07text'), ['text']);
  t.end();
});

void t.test('the image contains text only, escaped and split at the width of the terminal', (t) => {
  const svg = drawTerminal([
    { text: '$ a <b> & c', isCommand: true },
    { text: 'x'.repeat(120), isCommand: false },
  ]);
  t.same(textsIn(svg), ['$ a <b> & c', 'x'.repeat(100), 'x'.repeat(20)]);
  t.notMatch(svg, /<script|href|url\(/);
  t.end();
});
