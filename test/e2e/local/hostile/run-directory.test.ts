import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunList } from '../../../../daemon/contract/types.ts';
import { accepts, newestRun, planted, purged, Victims } from '../../../support/hostile.ts';
import { Sandbox, until, type Started } from '../../../support/sandbox.ts';

const VALUE = 'the-value-in-a-spoilt-directory';
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 4';

/** Starts a run whose task waits for the file `go`, and returns its directory once the daemon has recorded the head. */
async function held(t: Test, box: Sandbox): Promise<{ started: Started; directory: string }> {
  for (const name of ['here', 'go']) rmSync(join(box.launch, name), { force: true });
  const started = box.start(['run', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await newestRun(box);
  await until('the daemon sees the head', async () => (await poll(box, id)) === 409);
  t.equal(await poll(box, id), 409);
  return { started, directory: join(box.state, 'runs', id) };
}

/** Makes the daemon poll a run. Returns 409 while the run is alive. */
async function poll(box: Sandbox, id: string): Promise<number> {
  return (await box.http('POST', `/v1/runs/${id}/purge`)).status;
}

const NAMES = ['exit', 'exit.new', 'process', 'process.new', 'alive', 'armed', '.gone', 'secrets'];

void t.test(
  'purges a run whatever its task plants in the run directory, without following links',
  async (t) => {
    const box = new Sandbox(t);
    await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
    for (const kind of planted) {
      const victims = new Victims(t);
      const before = victims.all;
      const { started, directory } = await held(t, box);
      for (const name of NAMES) {
        rmSync(join(directory, name), { force: true });
        victims.plant(kind, join(directory, name));
      }
      if (kind === 'directory') for (const name of NAMES) writeFileSync(join(directory, name, 'within'), '');
      t.equal(await poll(box, basename(directory)), 409, `${kind}: the run is alive`);
      t.equal(box.filesWith(VALUE).length, 1);
      writeFileSync(join(box.launch, 'go'), '');
      t.equal((await started.ended).status, 4, kind);
      await purged(t, box, VALUE);
      t.equal(victims.all, before, `${kind}: follows no link`);
    }
  },
);

void t.test('ignores an invalid process file and keeps watching the run', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const { started, directory } = await held(t, box);
  rmSync(join(directory, 'alive'));
  for (const text of ['', '{', '[]', '{"pid":"1"}', `{"pid":1${'0'.repeat(10_000)}`, 'null']) {
    writeFileSync(join(directory, 'process'), text);
    t.equal(await poll(box, basename(directory)), 409, 'the daemon remembers the head');
  }
  // The run directory disappears while the head is alive.
  execFileSync('mv', [directory, join(box.directory, 'aside')]);
  t.equal(await poll(box, basename(directory)), 409);
  writeFileSync(directory, 'a file in place of the directory');
  t.equal(await poll(box, basename(directory)), 409);
  rmSync(directory);
  execFileSync('mv', [join(box.directory, 'aside'), directory]);
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await started.ended).status, 4);
  await purged(t, box, VALUE);
});

void t.test('purges a run with an unreadable log or trace', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  mkdirSync(join(box.launch, 'logs'));
  execFileSync('mkfifo', [join(box.launch, 'trace')]);
  const scripts: [string, ...string[]][] = [
    ['true', '-with-trace', 'trace'],
    ['true', '-with-trace', '/dev/zero'],
    ['ln -s /dev/zero link', '-with-trace', 'link'],
    ['rm .nextflow.log; mkfifo .nextflow.log'],
    ['rm .nextflow.log; mkdir .nextflow.log'],
    ['rm .nextflow.log; ln -s /dev/zero .nextflow.log'],
  ];
  for (const [script, ...options] of scripts) {
    const started = box.start([
      'run',
      `${script}\n${HOLD.replace('exit 4', 'rm -rf .nextflow.log; exit 6')}`,
      ...options,
    ]);
    await until('the task runs', () => existsSync(join(box.launch, 'here')));
    const { id } = await newestRun(box);
    t.equal((await box.escrow(['runs', 'purge', id])).status, 75, 'the daemon polls the run');
    writeFileSync(join(box.launch, 'go'), '');
    t.equal((await started.ended).status, 6, script);
    for (const name of ['here', 'go']) rmSync(join(box.launch, name));
    t.match(await purged(t, box, VALUE), { outcome: 'failed', exitStatus: 6 });
  }
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, scripts.length);
  t.same(readdirSync(join(box.state, 'runs')), []);
});

void t.test('the shim removes all other files if one cannot be truncated', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  // A running program cannot be written to (ETXTBSY), not even by root.
  const program = '"$directory/secrets/A_PROGRAM"';
  const script = `directory=\${NXF_SECRETS_FILE%/*}; echo "$directory"; mkdir -p "$directory/secrets"
    cp /bin/sleep ${program}; ${program} 60 >&- 2>&- & echo $! >pid; ${HOLD}`;
  const started = box.start(['run', script]);
  const daemon = (await box.daemonPid()) ?? 0;
  await until('the task runs', () => existsSync(join(box.launch, 'pid')));
  process.kill(daemon, 'SIGSTOP');
  writeFileSync(join(box.launch, 'go'), '');
  await until('the shim has removed the secrets', () => box.filesWith(VALUE).length === 0);
  process.kill(daemon, 'SIGCONT');
  t.equal((await started.ended).status, 4, "returns nextflow's status");
  t.match(await purged(t, box, VALUE), { outcome: 'failed', outcomeEvidence: 'exit status 4' });
  process.kill(Number(readFileSync(join(box.launch, 'pid'), 'utf8')), 'SIGKILL');
});
