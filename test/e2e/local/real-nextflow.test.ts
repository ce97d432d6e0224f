import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, Run, RunList, TaskList } from '../../../daemon/contract/types.ts';
import { realNextflow, Sandbox, until } from '../../support/sandbox.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const newValue = (): string => `$v-${randomBytes(16).toString('hex')}`;

const PIPELINE = `
params.hold = false
params.status = 0
process HELLO {
  secret 'FOO_KEY'
  output:
  stdout
  script:
  """
  printf %s "\\$FOO_KEY" | sha256sum
  touch '\${launchDir}/here'
  while [ \${params.hold} = true ] && [ ! -e '\${launchDir}/go' ]; do sleep 0.1; done
  exit \${params.status}
  """
}
workflow {
  HELLO() | view
}
`;

async function runs(box: Sandbox): Promise<Run[]> {
  return (await box.json<RunList>(['runs', 'list'])).runs;
}

async function only(box: Sandbox): Promise<Run> {
  const [run] = await runs(box);
  if (run === undefined) throw new Error('no run exists');
  return run;
}

async function nothingLeft(t: Test, box: Sandbox, value: string): Promise<void> {
  t.same(box.filesWith(value), [], 'no file contains the value, not even of a task');
  t.same(readdirSync(join(box.state, 'runs')), []);
  for (const { id } of await runs(box))
    t.equal((await box.json<Receipt>(['runs', 'receipt', id])).complete, true);
}

async function boxWith(t: Test, nextflow: string, value: string): Promise<Sandbox> {
  const box = new Sandbox(t, nextflow);
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  t.equal((await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value })).status, 0);
  return box;
}

/** Releases a task that was started with --hold. */
function letGo(box: Sandbox): void {
  writeFileSync(join(box.launch, 'go'), '');
}

/** Returns command lines and environments that contain the value, except those of the task's own shells. */
function leaks(value: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      const read = (name: string): string => {
        try {
          return readFileSync(`/proc/${pid}/${name}`, 'latin1');
        } catch {
          return ''; // already ended
        }
      };
      const task = read('environ').includes('NXF_TASK_WORKDIR') || read('cmdline').includes('.command.');
      const found = ['cmdline', ...(task ? [] : ['environ'])].filter((name) => read(name).includes(value));
      return found.map((name) => `${name} of ${read('cmdline').slice(0, 100)}`);
    });
}

void t.test('delivers the value to the task and nowhere else', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const value = newValue();
  const box = await boxWith(t, nextflow, value);
  const ownDirectory = join(box.directory, 'nxf/secrets');
  mkdirSync(ownDirectory, { recursive: true, mode: 0o700 });
  const ownStore = join(ownDirectory, 'store.json');
  writeFileSync(ownStore, JSON.stringify([{ name: 'OWN_KEY', value: newValue() }]), { mode: 0o600 });
  const before = hash(readFileSync(ownStore, 'utf8'));
  const started = box.start(['run', 'main.nf', '--hold', '-with-trace', 'trace.txt']);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  t.same(leaks(value), []);
  letGo(box);
  const ended = await started.ended;
  t.equal(ended.status, 0, ended.stderr);
  t.match(ended.stdout, hash(value));
  await nothingLeft(t, box, value);
  t.equal(hash(readFileSync(ownStore, 'utf8')), before, "the user's own store is untouched");
  t.same(readdirSync(ownDirectory), ['store.json'], 'creates no file next to it');
  const run = await only(box);
  t.match(run, {
    state: 'purged',
    outcome: 'succeeded',
    traceFile: join(box.launch, 'trace.txt'),
    logFile: join(box.launch, '.nextflow.log'),
  });
  t.match(run.runName, /^[a-z]+_[a-z]+/);
  const { tasks } = JSON.parse((await box.http('GET', `/v1/runs/${run.id}/tasks`)).text) as TaskList;
  t.match(tasks, [{ taskId: '1', name: 'HELLO', status: 'COMPLETED', exit: '0', durationMs: Number }]);
});

void t.test("returns nextflow's status when a task fails", async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const value = newValue();
  const box = await boxWith(t, nextflow, value);
  const ended = await box.escrow(['run', 'main.nf', '--status', '3']);
  t.equal(ended.status, 1);
  t.match(await only(box), { outcome: 'failed', exitStatus: 1 });
  t.same(box.filesWith(value), []);
});

void t.test('forwards SIGTERM to nextflow', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const value = newValue();
  const box = await boxWith(t, nextflow, value);
  const started = box.start(['run', 'main.nf', '--hold']);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  process.kill(started.pid, 'SIGTERM');
  t.equal((await started.ended).status, 1, 'Nextflow 24.10 exits with status 1');
  t.match(await only(box), { outcome: 'cancelled' });
  await nothingLeft(t, box, value);
});

void t.test('purges after kill -9 of CLI, shim, head or daemon', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  for (const victim of ['cli', 'shim', 'head', 'daemon'] as const) {
    const value = newValue();
    const box = await boxWith(t, nextflow, value);
    const started = box.start(['run', 'main.nf', '--hold']);
    await until('the task runs', () => existsSync(join(box.launch, 'here')));
    const run = await only(box);
    const head = (
      JSON.parse(readFileSync(join(box.state, 'runs', run.id, 'process'), 'utf8')) as { pid: number }
    ).pid;
    const shim = Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${String(head)}/status`, 'utf8'))?.[1]);
    const pid = { cli: started.pid, shim, head, daemon: (await box.daemonPid()) ?? 0 }[victim];
    process.kill(pid, 'SIGKILL');
    letGo(box);
    await started.ended;
    await until(`purged after ${victim}`, async () =>
      (await only(box)).state === 'purged' ? true : undefined,
    );
    t.equal((await only(box)).outcome, victim === 'head' ? 'failed' : 'succeeded', victim);
    await nothingLeft(t, box, value);
  }
});

void t.test('two concurrent runs in one directory receive different values of one name', async (t) => {
  const nextflow = realNextflow(t);
  if (nextflow === undefined) return;
  const [first, second] = [newValue(), newValue()];
  const box = await boxWith(t, nextflow, first);
  await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: second });
  const all = await Promise.all(
    ['workspace', 'user'].map((scope) =>
      box.escrow(['run', `--${scope}-secret`, 'FOO_KEY', 'main.nf', '-w', scope]),
    ),
  );
  t.match(all[0]?.stdout, hash(first));
  t.match(all[1]?.stdout, hash(second));
  await nothingLeft(t, box, first);
  await nothingLeft(t, box, second);
  const names = (await runs(box)).map(({ runName }) => runName);
  t.equal(new Set(names).size, 2, `the daemon distinguishes the runs: ${names.join()}`);
});
