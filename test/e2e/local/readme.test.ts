import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { newestRun } from '../../support/hostile.ts';
import { realNextflow, root, Sandbox } from '../../support/sandbox.ts';

interface Step {
  readonly args: string[];
  /** The lines of its output that the README shows. */
  readonly shown: string[];
}

/** Returns the pipeline of the README's quick start, and its nf-escrow commands with their output. */
function tour(): { pipeline: string; steps: Step[] } {
  const text = /\n## Quick start\n(.*?)\n## /s.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? '';
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const pipeline = blocks.find(([, language]) => language === 'nextflow')?.[2] ?? '';
  const commands = blocks
    .filter(([, language]) => language === 'console')
    .flatMap(([, , body = '']) => body.split('$ '));
  const steps = commands
    .filter((command) => command.startsWith('nf-escrow '))
    .map((command) => {
      const [line = '', ...shown] = command.split('\n');
      return { args: line.split(' ').slice(1), shown: shown.filter((each) => !/^(\? .*|…|)$/.test(each)) };
    });
  return { pipeline, steps };
}

/** Replaces the parts of a line that differ between runs. */
function plain(line: string, stateDirectory: string, name: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\br\d{6,}[a-z0-9]+/g, 'RUN')
    .replaceAll(/\[[0-9a-f]{2}\/[0-9a-f]{6}\]/g, '[TASK]')
    .replaceAll(/revision: [0-9a-f]+/g, 'revision: HASH')
    .replaceAll(/\d+ files, 1 task, \d+ KiB/g, 'FILES')
    .replaceAll('/home/you/.local/state/nf-escrow', stateDirectory)
    .replaceAll('gloomy_fermat', name)
    .replaceAll(/\s+/g, ' ');
}

void t.test('the quick start of the README prints what it shows', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  const { pipeline, steps } = tour();
  writeFileSync(join(box.launch, 'main.nf'), pipeline);
  t.match(
    steps.map(({ args }) => args.slice(0, 2).join(' ')),
    ['secrets set', 'run --explain', 'run main.nf', 'runs receipt'],
  );
  const value = 'twenty characters $it';
  for (const { args, shown } of steps) {
    const name = args[0] === 'runs' ? ((await newestRun(box)).runName ?? '') : '';
    const said = args.map((argument) => argument.replace('gloomy_fermat', name));
    const { status, stdout, stderr } = await box.escrow(said, { input: value.slice(0, 20) });
    t.equal(status, 0, stderr);
    const ran =
      args[0] === 'run' && !args.includes('--explain') ? ((await newestRun(box)).runName ?? '') : name;
    const lines = stdout.split('\n').map((line) => plain(line, box.state, ran));
    for (const line of shown) t.ok(lines.includes(plain(line, box.state, ran)), `${args.join(' ')}: ${line}`);
  }
});
