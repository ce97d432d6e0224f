// Completion in interactive shells: the scripts are loaded as documented, and a person presses Tab.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunList } from '../../../daemon/contract/types.ts';
import { ShellTerminal } from '../../support/environments/shell-terminal.ts';
import { accepts } from '../../support/hostile.ts';
import { missing } from '../../support/launcher/callers.ts';
import { Sandbox, until } from '../../support/sandbox.ts';
import { canMakeTerminals } from '../../support/terminal.ts';

/** Each shell, and how it loads its script. */
const SHELLS = [
  ['bash', 'env TERM=xterm bash --norc -i', 'source <(nf-escrow completion bash)'],
  [
    'zsh',
    'env TERM=xterm zsh -f -i',
    'autoload -Uz compinit && compinit -u -D && source <(nf-escrow completion zsh)',
  ],
  [
    'zsh',
    'env TERM=xterm zsh -f -i',
    'fpath=($PWD/functions $fpath); autoload -Uz compinit && compinit -u -D',
  ],
  ['fish', 'env TERM=xterm fish --no-config -i', 'nf-escrow completion fish | source'],
] as const;

for (const [shell, command, load] of SHELLS)
  void t.test(`${shell} completes after: ${load}`, async (t) => {
    if (!canMakeTerminals(t)) return;
    if (missing({ needs: [shell] }) !== undefined)
      return t.pass('skipped', { skip: `${shell} is not installed` });
    const box = new Sandbox(t);
    box.env['NF_ESCROW_NODE'] = process.execPath;
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'value' });
    await accepts(t, box, ['run', 'true']);
    const name = await until('the run has a name', async () => {
      const { runs } = await box.json<RunList>(['runs', 'list']);
      return runs[0]?.runName ?? undefined;
    });
    const terminal = new ShellTerminal(t, box, command);
    await terminal.answers('the first prompt');
    terminal.type('mkdir -p functions && nf-escrow completion zsh > functions/_nf-escrow');
    await terminal.answers('the prompt before the script is loaded');
    terminal.type(load);
    await terminal.answers('the prompt after the script is loaded');
    let lines = 0;
    const runLine = async (typed: string): Promise<string> => {
      const out = join(box.launch, `out${String((lines += 1))}`);
      terminal.type(`${typed}> ${out}; touch ${out}.done`);
      await until(`${typed}\n${terminal.screen}`, () => existsSync(`${out}.done`));
      return readFileSync(out, 'utf8');
    };
    const cases: [typed: string, shown: RegExp][] = [
      ['nf-escrow secrets show FO\t', /FOO_KEY/],
      ['nf-escrow runs show fak\t', new RegExp(name)],
      ['nf-escrow runs list --st\tpur\t', new RegExp(name)],
      ['nf-escrow config get keepR\t', /^90$/m],
      ['nf-escrow workspaces show lo\t', /local\/main/],
      ['nf-escrow runs list --workspace=lo\t', new RegExp(name)],
      ['nf-escrow compute-envs show loc\t', /hpc/],
    ];
    for (const [typed, shown] of cases) t.match(await runLine(typed), shown, terminal.screen);
    writeFileSync(join(box.launch, 'pipeline.nf'), 'touch the-pipeline-ran\n', { mode: 0o755 });
    await runLine('nf-escrow run ./pipel\t-previ\t');
    t.ok(existsSync(join(box.launch, 'the-pipeline-ran')), 'completes the file of the pipeline');
    const { runs } = await box.json<RunList>(['runs', 'list']);
    t.match(runs[0]?.arguments, ['run', './pipeline.nf', '-preview'], "completes Nextflow's option");
  });
