import t from 'tap';
import { buildTree } from '../../../daemon/cli/completion/build-tree.ts';
import type { CommandNode } from '../../../daemon/cli/completion/command-tree.ts';
import { accepts, refuses } from '../../support/hostile.ts';
import { launcher, Sandbox } from '../../support/sandbox.ts';

/** Returns the words of each command below a command. */
function commandsBelow({ commands }: CommandNode, path: readonly string[] = []): string[][] {
  return commands
    .filter(({ names }) => !names.includes('help'))
    .flatMap((command) => {
      const here = [...path, command.names[0] ?? ''];
      return [here, ...commandsBelow(command, here)];
    });
}

void t.test('help COMMAND prints what COMMAND --help prints', async (t) => {
  const box = new Sandbox(t);
  box.command = [launcher];
  box.env['NF_ESCROW_NODE'] = process.execPath;
  const { root } = await buildTree();
  const commands = commandsBelow(root);
  t.ok(commands.length > 40);
  for (const command of [[], ...commands]) {
    if (command[0] === 'nextflow') continue; // the arguments of `nextflow` are Nextflow's
    const [help, option] = await Promise.all([
      accepts(t, box, ['help', ...command]),
      accepts(t, box, [...command, '--help']),
    ]);
    const title = command.join(' ');
    t.equal(help.stdout, option.stdout, `help ${title}`);
    t.match(option.stdout, new RegExp(`^Usage: nf-escrow ${title}`), title);
    t.match(option.stdout, /\nExamples?:\s[^]*nf-escrow /, title);
    for (const line of option.stdout.split('\n'))
      t.ok(line.length <= 80 || line.startsWith('Example: '), `${title}: ${line}`);
  }
});

void t.test('help of a command that does not exist is an error', async (t) => {
  const box = new Sandbox(t);
  for (const args of [
    ['help', 'nonsense'],
    ['nonsense', '--help'],
    ['runs', 'nonsense', '--help'],
  ])
    await refuses(t, box, args, [64, /Unknown command "nonsense"/]);
  await refuses(t, box, ['help', 'secret'], [64, /Did you mean .*secrets/]);
});
