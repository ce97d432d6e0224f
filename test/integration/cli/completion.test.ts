import { join } from 'node:path';
import t from 'tap';
import type { Context } from '../../../daemon/cli/context.ts';
import { candidatesFor } from '../../../daemon/cli/commands/completion.ts';
import { buildProgram } from '../../../daemon/cli/program.ts';
import { refuses } from '../../support/hostile.ts';
import { Sandbox } from '../../support/sandbox.ts';

void t.test('completes commands and options, and leaves other words to the shell', async (t) => {
  const program = await buildProgram({ version: '0.0.0' } as Context);
  const cases: [string, string[]][] = [
    ['sec', ['secrets']],
    ['secrets s', ['set', 'show']],
    ['secrets rm --y', ['--yes']],
    ['runs list --st', ['--state']],
    ['run --ex', ['--explain']],
    ['run --no-secrets --de', ['--detach']],
    ['run main.nf --ex', []],
    ['nextflow r', []],
    ['secrets set FOO', []],
    ['nonsense', []],
  ];
  for (const [line, expected] of cases) t.same(candidatesFor(program, line.split(' ')), expected, line);
  t.ok(candidatesFor(program, ['']).includes('run'));
  t.notOk(candidatesFor(program, ['']).includes('complete'), 'omits hidden commands');
  t.notOk(candidatesFor(program, ['daemon', '']).includes('run'));
});

void t.test('bash completes', async (t) => {
  const box = new Sandbox(t);
  const script = `nf-escrow() { "$NODE" "$ESCROW" "$@"; }
    source <(nf-escrow completion bash)
    COMP_WORDS=(nf-escrow vault re) COMP_CWORD=2
    _nf_escrow; echo "\${COMPREPLY[@]}"; complete -p nf-escrow`;
  const env = { NODE: process.execPath, ESCROW: join(import.meta.dirname, '../../../daemon/main.js') };
  const { stdout, stderr } = await box.startProgram('/bin/bash', ['-c', script], { env }).ended;
  t.equal(stdout, 'rekey\ncomplete -o default -F _nf_escrow nf-escrow\n', stderr);
  await refuses(t, box, ['completion', 'tcsh'], [64, /unknown shell "tcsh"/]);
});
