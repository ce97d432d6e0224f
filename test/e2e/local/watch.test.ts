import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunList, RunProgress } from '../../../daemon/contract/types.ts';
import { accepts, soon } from '../../support/hostile.ts';
import { realNextflow, Sandbox, until } from '../../support/sandbox.ts';
import { canMakeTerminals, Terminal } from '../../support/terminal.ts';

const PIPELINE = `
process HOLD {
  input:
  val n
  script:
  """
  touch '\${launchDir}/here'
  while [ \${n} = 3 ] && [ ! -e '\${launchDir}/go' ]; do sleep 0.1; done
  """
}
workflow { Channel.of(1, 2, 3) | HOLD }
`;
const ERASE = '\r\x1b[K';

void t.test('watch shows the steps and, on a terminal, a line with the progress', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined || !canMakeTerminals(t)) return;
  const box = new Sandbox(t, nextflow);
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a-value' });
  await accepts(t, box, ['run', '--detach', 'main.nf', '-process.maxForks=1']);
  const [terminal, dumb] = ['terminal', 'dumb'].map(
    (name) => new Terminal(t, box, join(box.directory, name)),
  );
  if (terminal === undefined || dumb === undefined) return;
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  await terminal.type(`nf-escrow runs watch ${run?.id ?? ''}`);
  await dumb.type(`TERM=dumb nf-escrow runs watch ${run?.id ?? ''}`);
  const piped = box.start(['runs', 'watch', run?.id ?? '']);
  await until('the task holds', () => existsSync(join(box.launch, 'here')));
  await until('it shows the progress', () =>
    /Running for [^\r]* s; tasks: [^\r]*2 done[^\r]*/.test(terminal.screen),
  );
  const { text } = await box.http('GET', `/v1/runs/${run?.id ?? ''}/progress`);
  const { tasks, state } = JSON.parse(text) as RunProgress;
  t.equal(state, 'running');
  t.match(tasks, { completed: 2, failed: 0, aborted: 0, cached: 0 });
  t.equal(tasks.running + tasks.waiting, 1);
  writeFileSync(join(box.launch, 'go'), '');
  t.equal(await terminal.prompt(), '0');
  t.equal(await dumb.prompt(), '0');
  const screen = terminal.screen;
  t.match(screen, /\d\d:\d\d:\d\d {2}Nextflow started\r\n/);
  t.match(screen, /\d\d:\d\d:\d\d {2}The run is complete: no removal is pending\r\n/);
  t.ok(screen.split(ERASE).length > 3, 'erases the line before each step');
  t.notMatch(screen, /Running for [^\r\n]*\r?\n/, 'the progress line never stays');
  const { stdout } = await piped.ended;
  for (const plain of [stdout, dumb.screen]) {
    t.match(plain, /Nextflow started\r?\n/);
    t.notMatch(plain, /\x1b\[K|Running for/, 'no progress line');
  }
  t.match(await soon(t, box, ['runs', 'wait', '-']), { status: 0 });
});
