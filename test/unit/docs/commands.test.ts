// Checks the commands of all pages without running them: their syntax, and that commands, options and scripts exist.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildTree } from '../../../daemon/cli/completion/build-tree.ts';
import { invocationsIn, unknownIn } from '../../support/documents/known-words.ts';
import { commandsIn, commandsOf, namedIn, pages } from '../../support/documents/pages.ts';
import { root } from '../../support/sandbox.ts';

const tree = await buildTree();
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
/** A text that a daemon signs, in schemas/proof.json. It has the form of a command. */
const SIGNED_TEXT = 'nf-escrow server proof';
/** Commands of npm that are not scripts of the package. */
const OF_NPM = ['install', 'pack', 'root', 'ci'];

/** Returns the scripts and test names that a command of a contributor names and that do not exist. */
function missingScripts(text: string): string[] {
  const npm = [...text.matchAll(/(?:^|\s)npm (?:run )?([a-z][\w:-]*)(?: -- ([^\n#&|]*))?/g)];
  const node = [...text.matchAll(/(?:^|\s)node (scripts\/\S+)/g)];
  return [
    ...npm.flatMap(([, script = '', words = '']) => {
      if (OF_NPM.includes(script)) return [];
      if (!Object.hasOwn(scripts, script)) return [`npm ${script}`];
      const names = script === 'test' ? words.split(/\s+/).filter((word) => /^[a-z]/.test(word)) : [];
      return names.filter((name) => !tests.some((file) => `test/${file}`.includes(name)));
    }),
    ...node.flatMap(([, file = '']) => (existsSync(join(root, file)) ? [] : [file])),
  ];
}

void t.test('commands of pages have a valid syntax, and name what exists', (t) => {
  let count = 0;
  for (const page of pages()) {
    const commands = commandsOf(page);
    const input = commands.map(({ text }) => text).join('\n');
    const { status, stderr } = spawnSync('bash', ['-n'], { input, encoding: 'utf8' });
    t.equal(status, 0, `${page}\n${stderr}`);
    for (const { text, line } of commands) {
      const where = `${page}:${String(line)}: ${text}`;
      for (const words of invocationsIn(text)) t.same(unknownIn(tree, words), [], where);
      t.same(missingScripts(text), [], where);
      count += 1;
    }
  }
  t.ok(count > 150);
  t.end();
});

void t.test('commands in the text of pages exist', (t) => {
  for (const page of pages())
    for (const named of namedIn(page).filter((name) => name !== SIGNED_TEXT))
      for (const words of invocationsIn(named)) t.same(unknownIn(tree, words), [], `${page}: ${named}`);
  t.end();
});

void t.test('commands with a mistake are found', (t) => {
  const unknown = (text: string): string[] => invocationsIn(text).flatMap((words) => unknownIn(tree, words));
  t.same(unknown('nf-escrow secrets sett NAME'), ['sett']);
  t.same(unknown('nf-escrow secrets list|shew NAME'), ['shew']);
  t.same(unknown('nf-escrow secrets set NAME --form-file x'), ['--form-file']);
  t.same(unknown('cat x | A=b nf-escrow run --workspac lab/rna main.nf'), ['--workspac']);
  t.same(unknown('nf-escrow run --workspace lab/rna -profile x main.nf --input y'), []);
  t.same(unknown('nf-escrow runs receipt "$(nf-escrow runs lisst | cut -f 1)"'), ['lisst']);
  t.same(unknown('nf-escrow config set vaultKeyCommand "pass show nf-escrow" && nf-escrow vault rekye'), [
    'rekye',
  ]);
  t.same(missingScripts('npm run nothing && npm test -- no/such/test'), ['npm nothing', 'no/such/test']);
  t.end();
});

void t.test('reads commands, their output and the comments before a block', (t) => {
  const text = [
    ...[
      '<!-- not run: needs a cluster -->',
      '',
      '```console',
      '$ first \\',
      '    --more',
      'output',
      '$ second',
      '```',
    ],
    ...[
      'text',
      '<!-- exit status: 77 -->',
      '```console',
      '# third',
      '```',
      '```sh',
      'fourth',
      'fifth',
      '```',
    ],
    ...['```yaml', '$ not a command', '```'],
  ].join('\n');
  t.same(commandsIn(text), [
    { text: 'first \\\n    --more', shown: ['output'], line: 4, notRun: 'needs a cluster', status: 0 },
    { text: 'second', shown: [], line: 7, notRun: 'needs a cluster', status: 0 },
    { text: 'third', shown: [], line: 12, notRun: undefined, status: 77 },
    { text: 'fourth\nfifth', shown: [], line: 15, notRun: undefined, status: 0 },
  ]);
  t.end();
});
