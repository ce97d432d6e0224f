import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import t from 'tap';
import type { Context } from '../../../daemon/cli/context.ts';
import { buildProgram } from '../../../daemon/cli/program.ts';
import { root } from '../../support/sandbox.ts';

/** Commands whose help is not printed by commander. */
const NOT_COMMANDERS = ['run', 'nextflow'];
const program = await buildProgram({ version: '0.0.0' } as Context);
const page = (name: string): string => readFileSync(join(root, name), 'utf8');

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leaves(command: Command, path: readonly string[] = []): Leaf[] {
  const below = command.createHelp().visibleCommands(command);
  const named = below.filter((each) => each.name() !== 'help');
  if (named.length === 0) return [{ path: path.join(' '), command }];
  return named.flatMap((each) => leaves(each, [...path, each.name()]));
}

/** Returns the commands that contain other commands. */
function groupsOf(command: Command): Command[] {
  return command.commands.filter((each) => each.commands.length > 0);
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** Commands of commands of a command, such as `nf-escrow serve user create`. */
const INNER = leaves(program)
  .map(({ path }) => path.split(' '))
  .filter(({ length }) => length === 3)
  .map(([group = '', inner = '']) => `${group} ${inner}`);

/** Returns the commands that a page names. `nf-escrow runs show|receipt RUN` names two. */
function namedIn(text: string): string[] {
  const found = text
    .replaceAll('\\|', '|')
    .matchAll(/(?:`|\$ |&& )nf-escrow ([a-z][a-z-]*)(?: ([a-z][a-z|-]*))?(?: ([a-z][a-z|-]*))?/g);
  return [...found].flatMap(([, group = '', verbs = '', more = '']) =>
    INNER.includes(`${group} ${verbs}`)
      ? [`${group} ${verbs} ${more}`.trim()]
      : verbs.split('|').map((verb) => `${group} ${verb}`.trim()),
  );
}

void t.test('every command has an example in its help and an entry in docs/commands.md', async (t) => {
  const documented = new Set(namedIn(page('docs/commands.md')));
  const all = leaves(program);
  t.ok(all.length > 30);
  for (const { path, command } of all) {
    const isNamed = documented.has(path) || [...documented].some((name) => name.startsWith(`${path} `));
    t.ok(isNamed, `docs/commands.md names nf-escrow ${path}`);
    if (NOT_COMMANDERS.includes(path)) continue;
    t.match(helpOf(command), new RegExp(`\nExample: nf-escrow ${path}`), `nf-escrow ${path} --help`);
    const [, verb] = path.split(' ');
    if (verb === 'list') t.match(command.aliases(), ['ls'], `${path}: ls`);
    if (verb === 'remove') t.match(command.aliases(), ['rm', 'delete'], `${path}: rm, delete`);
    if (verb === 'list' || verb === 'show')
      t.ok(
        command.options.some(({ long }) => long === '--json'),
        `${path} --json`,
      );
  }
});

void t.test('the help of the program and of each group has an example', async (t) => {
  t.match(helpOf(program), /\nExample: nf-escrow run/);
  t.ok(groupsOf(program).length > 5);
  for (const group of groupsOf(program))
    t.match(helpOf(group), new RegExp(`\nExample: nf-escrow ${group.name()} `), group.name());
});
