import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Run, RunList } from '../../../daemon/contract/types.ts';
import { accepts, newestRun, refuses } from '../../support/hostile.ts';
import { realNextflow, Sandbox, until } from '../../support/sandbox.ts';

/** A fake Nextflow that rotates its logs like Nextflow, keeps its log open, and writes the name of its pipeline to it. */
const NEXTFLOW = `#!/bin/bash
log=.nextflow.log
for i in 8 7 6 5 4 3 2 1; do [ ! -e $log.$i ] || mv $log.$i $log.$((i + 1)); done
[ ! -e $log ] || mv $log $log.1
exec 3>$log
{
  echo "Nov-23 12:00:00.000 [main] DEBUG nextflow.cli.Launcher - $> nextflow $*"
  echo "  Process: $$@$(uname -n) [127.0.0.1]"
} >&3
shift
if [ "$1" = hold ]; then touch here; while [ ! -e go ]; do sleep 0.05; done; fi
echo "Nov-23 12:00:01.000 [main] DEBUG fake - the end of $1" >&3
`;

function boxWithFake(t: Test): Sandbox {
  const box = new Sandbox(t);
  const nextflow = join(box.directory, 'nextflow');
  writeFileSync(nextflow, NEXTFLOW, { mode: 0o755 });
  box.env['NF_ESCROW_NEXTFLOW'] = nextflow;
  return box;
}

/** Rotates the logs as at the start of another run. */
function rotateLogs(box: Sandbox): void {
  const log = join(box.launch, '.nextflow.log');
  for (let index = 8; index > 0; index -= 1)
    if (existsSync(`${log}.${String(index)}`))
      renameSync(`${log}.${String(index)}`, `${log}.${String(index + 1)}`);
  renameSync(log, `${log}.1`);
  writeFileSync(log, 'the log of another run\n');
}

/** Runs a pipeline to its end and returns the id of its run. */
async function runOnce(t: Test, box: Sandbox, pipeline: string): Promise<string> {
  await accepts(t, box, ['run', pipeline]);
  return (await newestRun(box)).id;
}

void t.test(
  "shows a run's own log after Nextflow has rotated it, or says that it no longer exists",
  async (t) => {
    const box = boxWithFake(t);
    const first = await runOnce(t, box, 'pipeline-0');
    const shows = async (id: string, pipeline: string): Promise<void> => {
      const { stdout } = await accepts(t, box, ['runs', 'logs', id]);
      t.match(stdout, new RegExp(`^.*\\$> nextflow run ${pipeline}\\n[^]*the end of ${pipeline}\\n$`));
    };
    await shows(first, 'pipeline-0');
    const second = await runOnce(t, box, 'pipeline-1');
    t.match((await accepts(t, box, ['runs', 'show', first])).stdout, /^log +\/.*\/\.nextflow\.log\.1$/m);
    await shows(first, 'pipeline-0');
    await shows(second, 'pipeline-1');
    for (let index = 2; index < 10; index += 1) rotateLogs(box);
    await shows(first, 'pipeline-0');
    t.ok(
      existsSync(join(box.launch, '.nextflow.log.9')),
      'the log of the first run is the last one that is kept',
    );
    rotateLogs(box);
    await refuses(
      t,
      box,
      ['runs', 'logs', first],
      [1, /no longer in ".*\/\.nextflow\.log" or its rotated files/],
    );
    t.match((await accepts(t, box, ['runs', 'show', first])).stdout, /^log +no longer in \//m);
    await shows(second, 'pipeline-1');

    // A file with the same name, size and inode is not the log.
    const log = join(box.launch, '.nextflow.log.9');
    const text = readFileSync(log, 'utf8');
    writeFileSync(log, text.replaceAll('pipeline-1', 'pipeline-X'));
    await refuses(t, box, ['runs', 'logs', second], [1, /no longer in/]);
    writeFileSync(log, text);
    await shows(second, 'pipeline-1');
    rmSync(log);
    await refuses(t, box, ['runs', 'logs', second], [1, /no longer in/]);
  },
);

void t.test('follows the log of a live run while other runs rotate it', async (t) => {
  const box = boxWithFake(t);
  const held = box.start(['run', 'hold']);
  const run = await until('the daemon has found the log', async () => {
    const [newest] = (await box.json<RunList>(['runs', 'list'])).runs;
    return newest?.logFingerprint === undefined ? undefined : newest;
  });
  const before = box.start(['runs', 'logs', '-f', run.id]);
  let shown = '';
  before.child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  await until('it shows the log', () => shown.includes('run hold'));
  await runOnce(t, box, 'other');
  await accepts(t, box, ['daemon', 'stop']); // the next daemon finds the log where it is now
  await runOnce(t, box, 'another');
  const after = box.start(['runs', 'logs', '-f', run.id]);
  writeFileSync(join(box.launch, 'go'), '');
  await held.ended;
  for (const { ended } of [before, after]) {
    const { stdout } = await ended;
    t.match(stdout, /run hold\n[^]*the end of hold\n$/);
    t.notMatch(stdout, /other/);
  }
  t.match((await accepts(t, box, ['runs', 'logs', run.id])).stdout, /the end of hold/);
});

void t.test("searches a run's own log for values, not the log of another run", async (t) => {
  const box = boxWithFake(t);
  const value = `canary-${String(process.pid)}-${String(Date.now())}`;
  const nextflow = box.env['NF_ESCROW_NEXTFLOW'] ?? '';
  const leaky = readFileSync(nextflow, 'utf8').replace(
    'if [ "$1" = hold ]',
    'cat "$NXF_SECRETS_FILE" >&3\n$&',
  );
  writeFileSync(nextflow, leaky);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: value });
  const held = box.start(['run', 'hold']);
  await until('the daemon has found the log', async () => {
    const [newest] = (await box.json<RunList>(['runs', 'list'])).runs;
    return newest?.logFingerprint !== undefined;
  });
  await accepts(t, box, ['run', '--no-secrets', 'other']);
  writeFileSync(join(box.launch, 'go'), '');
  const { stderr } = await held.ended;
  t.match(
    stderr,
    new RegExp(`${box.launch}/\\.nextflow\\.log\\.1\\n`),
    'names the file that has the value now',
  );
});

void t.test('shows the logs of real runs in one directory', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const box = new Sandbox(t, nextflow);
  writeFileSync(join(box.launch, 'main.nf'), 'workflow { log.info "this is ${params.what}" }\n');
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: 'a-value' });
  const ids: string[] = [];
  for (const what of ['apple', 'berry']) {
    await accepts(t, box, ['run', 'main.nf', '--what', what]);
    ids.unshift((await newestRun(box)).id);
  }
  for (const [id, what, other] of [
    [ids[1], 'apple', 'berry'],
    [ids[0], 'berry', 'apple'],
  ] as const) {
    const { stdout } = await accepts(t, box, ['runs', 'logs', id ?? '']);
    t.match(stdout, new RegExp(`this is ${what}`));
    t.notMatch(stdout, new RegExp(`this is ${other}`));
    t.match(stdout, /Execution complete -- Goodbye/);
  }
  const { logFile } = await box.json<Run>(['runs', 'show', ids[0] ?? '']);
  renameSync(logFile ?? '', join(box.launch, 'moved.log'));
  await refuses(t, box, ['runs', 'logs', ids[0] ?? ''], [1, /no longer in/]);
});
