import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunList } from '../../../../daemon/contract/types.ts';
import { accepts, newestRun, planted, purged, Victims } from '../../../support/hostile.ts';
import { Sandbox, until, type Started } from '../../../support/sandbox.ts';

const VALUE = 'the-value-in-a-spoilt-directory';
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 4';

/** Starts a run whose task waits for a file `go`, and gives its directory once the daemon has seen the head. */
async function held(t: Test, box: Sandbox): Promise<{ started: Started; directory: string }> {
  for (const name of ['here', 'go']) rmSync(join(box.launch, name), { force: true });
  const started = box.start(['run', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await newestRun(box);
  await until('the daemon saw the head', async () => (await look(box, id)) === 409);
  t.equal(await look(box, id), 409, 'and recorded it');
  return { started, directory: join(box.state, 'runs', id) };
}

/** Has the daemon look at a run now: 409 while it is alive. */
async function look(box: Sandbox, id: string): Promise<number> {
  return (await box.http('POST', `/v1/runs/${id}/purge`)).status;
}

const NAMES = ['exit', 'exit.new', 'process', 'process.new', 'alive', 'armed', '.gone', 'secrets'];

void t.test(
  'whatever a task plants in the directory of its run, it is purged and no link is followed',
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
      t.equal(await look(box, basename(directory)), 409, `${kind}: it lives`);
      t.equal(box.filesWith(VALUE).length, 1);
      writeFileSync(join(box.launch, 'go'), '');
      t.equal((await started.ended).status, 4, kind);
      await purged(t, box, VALUE);
      t.equal(victims.all, before, `${kind}: nothing was written or removed through it`);
    }
  },
);

void t.test('what is no record of a process is none, and the run is watched on', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const { started, directory } = await held(t, box);
  rmSync(join(directory, 'alive'));
  for (const text of ['', '{', '[]', '{"pid":"1"}', `{"pid":1${'0'.repeat(10_000)}`, 'null']) {
    writeFileSync(join(directory, 'process'), text);
    t.equal(await look(box, basename(directory)), 409, 'it is known from before');
  }
  // All of it gone while the head lives: still not over.
  execFileSync('mv', [directory, join(box.directory, 'aside')]);
  t.equal(await look(box, basename(directory)), 409);
  writeFileSync(directory, 'a file where the directory was');
  t.equal(await look(box, basename(directory)), 409);
  rmSync(directory);
  execFileSync('mv', [join(box.directory, 'aside'), directory]);
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await started.ended).status, 4);
  await purged(t, box, VALUE);
});

void t.test('a log or a trace that cannot be read does not keep a run from its purge', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  mkdirSync(join(box.launch, 'logs'));
  execFileSync('mkfifo', [join(box.launch, 'trace')]);
  const named = (path: string): string =>
    `echo "Nov-23 12:00:00.000 [main] DEBUG n.t.TraceFileObserver - Workflow started -- trace file: ${path}" >>.nextflow.log`;
  const scripts = [
    named(join(box.launch, 'trace')),
    named('/dev/zero'),
    'rm .nextflow.log; mkfifo .nextflow.log',
    'rm .nextflow.log; mkdir .nextflow.log',
    'rm .nextflow.log; ln -s /dev/zero .nextflow.log',
  ];
  for (const script of scripts) {
    const started = box.start([
      'run',
      `${script}\n${HOLD.replace('exit 4', 'rm -rf .nextflow.log; exit 6')}`,
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

void t.test('a file that cannot be cut does not keep the shim from removing the rest', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  // A program that is being run cannot be written to (ETXTBSY), not even by root.
  const program = '"$directory/secrets/A_PROGRAM"';
  const script = `directory=\${NXF_SECRETS_FILE%/*}; echo "$directory"; mkdir -p "$directory/secrets"
    cp /bin/sleep ${program}; ${program} 60 >&- 2>&- & echo $! >pid; ${HOLD}`;
  const started = box.start(['run', script]);
  const daemon = (await box.daemonPid()) ?? 0;
  await until('the task runs', () => existsSync(join(box.launch, 'pid')));
  process.kill(daemon, 'SIGSTOP');
  writeFileSync(join(box.launch, 'go'), '');
  await until('the shim took them back', () => box.filesWith(VALUE).length === 0);
  process.kill(daemon, 'SIGCONT');
  t.equal((await started.ended).status, 4, "nextflow's status comes back all the same");
  t.match(await purged(t, box, VALUE), { outcome: 'failed', outcomeEvidence: 'exit status 4' });
  process.kill(Number(readFileSync(join(box.launch, 'pid'), 'utf8')), 'SIGKILL');
});
