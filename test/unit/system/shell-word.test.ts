// Real shells read the quoted words and print them.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { findProgram } from '../../../daemon/system/files/find-program.ts';
import { quoteShellWord, quoteShellWords } from '../../../daemon/system/processes/shell-word.ts';

/** How each shell runs a command without files of the user. Interactive shells also expand history. */
const SHELLS: readonly (readonly [name: string, ...options: string[]])[] = [
  ['sh'],
  ['bash', '--norc'],
  ['bash', '--norc', '-i'],
  ['dash'],
  ['zsh', '-f'],
  ['zsh', '-f', '-i'],
  ['tcsh', '-f'],
  ['fish', '--no-config'],
];
const SPECIAL = [
  ...String.raw`'"\!$~*?[]{}()<>|&;#=^%-+@:,. `.split(/(?:)/u),
  ...['`', '\t', '\r', '\n', '\x1b', 'é', '漢', '😀', 'a', 'n', '1'],
];
const HARD = [
  '',
  '-n',
  '~',
  '~root',
  '=ls',
  'a=b',
  '{a,b}',
  '[a-z]',
  '!!',
  '!-1',
  '^a^b',
  '%1',
  '$HOME',
  '$(id)',
  '\\\\',
  '\\n',
  "'",
  "\\'",
];
const word = fc.oneof(
  fc.constantFrom(...HARD),
  fc.array(fc.constantFrom(...SPECIAL), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
);
const words = fc.array(word, { minLength: 1, maxLength: 40 });

for (const [name, ...options] of SHELLS) {
  const shell = findProgram(name, process.env['PATH']);
  const skip = shell === undefined && `${name} is not installed`;
  void t.test(`${[name, ...options].join(' ')} reads every quoted word as it is`, { skip }, (t) => {
    const cwd = t.testdir({ a: '', b: '', n: '' });
    const read = (line: string): string => {
      const args = [...options, '-c', line];
      const { stdout, stderr, status } = spawnSync(String(shell), args, {
        cwd,
        env: { PATH: process.env['PATH'], HOME: cwd, LC_ALL: 'C.UTF-8' },
        encoding: 'utf8',
      });
      return status === 0 ? stdout : `${String(status)} ${stderr}`;
    };
    // tcsh ends a quoted word at a newline.
    const carried = name === 'tcsh' ? words.map((all) => all.map((one) => one.replaceAll('\n', ''))) : words;
    fc.assert(
      fc.property(carried, (all) => {
        t.equal(
          read(`/usr/bin/printf '%s\\0' ${quoteShellWords(all)}`),
          all.map((one) => `${one}\0`).join(''),
        );
      }),
      { numRuns: 15 },
    );
    t.end();
  });
}

void t.test('leaves plain words as they are', (t) => {
  for (const plain of ['nextflow', '/home/ada/x-1.0_a', '--input', 'ada@host:/x', 'a,b+c'])
    t.equal(quoteShellWord(plain), plain);
  t.equal(quoteShellWord('a b'), "'a b'");
  t.equal(quoteShellWord("it's"), String.raw`'it'\''s'`);
  t.end();
});
