import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, TaskList } from '../../../daemon/contract/types.ts';
import { newestRun } from '../../support/hostile.ts';
import { realNextflow, Sandbox, until } from '../../support/sandbox.ts';

/** A task with a value in its tag, which appears in the log, trace and report of the run. */
const PIPELINE = `
process TAGGED {
  tag "\${secrets.TAG_KEY}"
  script:
  """
  touch '\${launchDir}/here'
  while [ \${params.hold ?: false} = true ] && [ ! -e '\${launchDir}/go' ]; do sleep 0.1; done
  """
}
workflow {
  TAGGED()
}
`;
const TRACED = ['-with-trace', 'trace.txt', '-with-report', 'report.html'];

async function boxWith(t: Test, nextflow: string): Promise<{ box: Sandbox; value: string }> {
  const box = new Sandbox(t, nextflow);
  const value = randomBytes(12).toString('hex');
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  t.equal((await box.escrow(['secrets', 'set', 'TAG_KEY'], { input: value })).status, 0);
  return { box, value };
}

async function receiptOf(box: Sandbox): Promise<Receipt> {
  return box.json<Receipt>(['runs', 'receipt', (await newestRun(box)).id]);
}

async function taskNames(box: Sandbox): Promise<(string | null)[]> {
  const { text } = await box.http('GET', `/v1/runs/${(await newestRun(box)).id}/tasks`);
  return (JSON.parse(text) as TaskList).tasks.map(({ name }) => name);
}

function assertNoValueInState(t: Test, box: Sandbox, value: string): void {
  t.same(
    box.filesWith(value).filter((path) => path.startsWith(box.state)),
    [],
    'no file of nf-escrow contains the value',
  );
}

void t.test("without the plugin, the daemon searches the run's files", async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const { box, value } = await boxWith(t, nextflow);
  const env = { NXF_PLUGINS_DEFAULT: 'false' };
  const ended = await box.escrow(['run', 'main.nf', ...TRACED], { env });
  t.equal(ended.status, 0, `${ended.stdout}${ended.stderr}`);
  t.match(ended.stderr, 'files of the run contain values of secrets: TAG_KEY\n');
  t.match(ended.stderr, `nf-escrow:   ${box.launch}/.nextflow.log\n`);
  const receipt = await receiptOf(box);
  t.match(receipt, {
    complete: true,
    exposures: [{ secret: 'TAG_KEY', process: null, tasks: 1 }],
    search: { by: 'daemon', complete: true, tasks: 1, gaps: [] },
  });
  t.match(
    receipt.exposures[0]?.findings.find(({ file }) => file.endsWith('.command.run')),
    {
      file: /^..\/\w{30}\/\.command\.run$/,
      encodings: ['plain'],
    },
  );
  for (const name of ['.nextflow.log', 'trace.txt', 'report.html'])
    t.ok(receipt.exposures[0]?.files.includes(join(box.launch, name)), name);
  const shown = (await box.escrow(['runs', 'receipt', receipt.run.id])).stdout;
  t.match(shown, /^exposed +TAG_KEY: \d+ files of the run contain its value$/m);
  t.match(shown, /^searched +completely: \d+ files, 1 task, /m);
  t.notMatch(shown, /Nothing is left/);
  t.same(await taskNames(box), ['TAGGED (***TAG_KEY***)'], 'masks names from the trace');
  const log = await box.escrow(['runs', 'logs', receipt.run.id]);
  t.equal(log.status, 0, log.stderr);
  t.match(log.stdout, 'TAGGED (***TAG_KEY***)');
  t.notMatch(log.stdout, value, 'the log stays masked when the values are deleted');
  t.equal(log.stderr, '');
  assertNoValueInState(t, box, value);
});

void t.test('after its head was killed, the daemon searches what the plugin did not', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const { box, value } = await boxWith(t, nextflow);
  const started = box.start(['run', 'main.nf', '--hold', ...TRACED]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await newestRun(box);
  const head = JSON.parse(readFileSync(join(box.state, 'runs', id, 'process'), 'utf8')) as { pid: number };
  process.kill(head.pid, 'SIGKILL');
  writeFileSync(join(box.launch, 'go'), '');
  const ended = await started.ended;
  t.match(ended.stderr, 'files of the run contain values of secrets: TAG_KEY\n');
  const receipt = await receiptOf(box);
  t.match(receipt.search, { by: 'daemon', complete: true, tasks: 1, gaps: [] });
  t.match(
    receipt.exposures.map(({ process, files }) => [process, files.length > 0]),
    [
      ['TAGGED', true], // reported by the plugin when the task was submitted
      [null, true],
    ],
  );
  t.ok(receipt.exposures[1]?.files.includes(join(box.launch, '.nextflow.log')));
  assertNoValueInState(t, box, value);
});

void t.test('purges a run while the vault is locked', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const { box, value } = await boxWith(t, nextflow);
  const file = join(box.directory, 'passphrase');
  writeFileSync(file, 'a passphrase\n', { mode: 0o600 });
  const rekeyed = await box.escrow(['vault', 'rekey', '--passphrase', '--passphrase-file', file]);
  t.equal(rekeyed.status, 0, rekeyed.stderr);
  const env = { NXF_PLUGINS_DEFAULT: 'false' };
  const started = box.start(['run', 'main.nf', '--hold', ...TRACED], { env });
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  await box.escrow(['daemon', 'stop']);
  writeFileSync(join(box.launch, 'go'), '');
  const ended = await started.ended;
  t.equal(ended.status, 0, ended.stderr);
  const receipt = await receiptOf(box);
  t.match(receipt, { complete: true, run: { state: 'purged' }, exposures: [] });
  t.match(
    receipt.search?.gaps.find(({ reason }) => reason === 'vault-locked'),
    { secrets: ['TAG_KEY'] },
  );
  const shown = (await box.escrow(['runs', 'receipt', receipt.run.id])).stdout;
  t.match(shown, /^ +skipped the values of TAG_KEY: the vault is locked$/m);
  t.match(shown, /\nNothing that nf-escrow delivered is left\.\n$/);
  t.same(await taskNames(box), ['TAGGED'], 'omits the tag, which may contain a value');
  assertNoValueInState(t, box, value);
});
