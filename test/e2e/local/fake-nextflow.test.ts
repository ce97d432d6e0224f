import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Receipt, Run, RunList, SecretList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const newValue = (): string => randomBytes(16).toString('hex');
/** Prints the hash of a value in the store that nextflow would read. */
const show = (name: string): string =>
  `printf %s "$(sed -n 's/.*"name":"${name}","value":"\\([^"]*\\)".*/\\1/p' "$NXF_SECRETS_FILE")" | sha256sum`;

async function lastRun(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('no run exists');
  return run;
}

async function nothingLeft(t: Test, box: Sandbox, values: string[]): Promise<void> {
  for (const value of values) t.same(box.filesWith(value), [], 'no file contains the value');
  t.same(readdirSync(join(box.state, 'runs')), [], 'no run directory exists');
  const run = await lastRun(box);
  const receipt = await box.json<Receipt>(['runs', 'receipt', run.id]);
  t.equal(receipt.complete, true, 'the receipt is complete');
  t.equal(run.state, 'purged');
}

void t.test("delivers secrets to a run, returns nextflow's status, and leaves nothing", async (t) => {
  const box = new Sandbox(t);
  const [ours, theirs, own] = [newValue(), newValue(), newValue()];
  t.equal((await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: theirs })).status, 0);
  t.equal((await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: ours })).status, 0);
  mkdirSync(join(box.directory, 'nxf/secrets'), { recursive: true });
  const ownStore = join(box.directory, 'nxf/secrets/store.json');
  writeFileSync(
    ownStore,
    JSON.stringify([
      { name: 'FOO_KEY', value: 'loses' },
      { name: 'OWN_KEY', value: own },
    ]),
    { mode: 0o600 },
  );
  const before = hash(readFileSync(ownStore));
  const explained = await box.escrow(['run', '--explain', '--json', 'x']);
  t.match(JSON.parse(explained.stdout), {
    secrets: [
      { name: 'FOO_KEY', scope: 'user', overrides: ['workspace', 'local'] },
      { name: 'OWN_KEY', scope: 'local' },
    ],
  });
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 0, '--explain records nothing');
  const ended = await box.escrow(['run', `${show('FOO_KEY')}; ${show('OWN_KEY')}; exit 7`]);
  t.equal(ended.status, 7);
  t.equal(ended.stdout, `${hash(ours)}  -\n${hash(own)}  -\n`);
  t.equal(hash(readFileSync(ownStore)), before, "the user's own store is untouched");
  const isOwn = (path: string): boolean => path === ownStore;
  t.same(
    [ours, theirs].flatMap((value) => box.filesWith(value)),
    [],
  );
  t.same(box.filesWith(own, isOwn), []);
  await nothingLeft(t, box, [ours, theirs]);
  t.match(await lastRun(box), { outcome: 'failed', exitStatus: 7 });
  const listed = await box.escrow(['secrets', 'list', '--user', '--json']);
  t.match(JSON.parse(listed.stdout) as SecretList, {
    secrets: [{ name: 'FOO_KEY', version: 1, lastUsedBy: (await lastRun(box)).id }],
  });
});

void t.test('purges the run after any process is killed', async (t) => {
  for (const victim of ['cli', 'shim', 'head', 'daemon', 'daemon and cli', 'all'] as const) {
    const box = new Sandbox(t);
    const value = newValue();
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
    const started = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done; exit 0']);
    await until('the task runs', () => existsSync(join(box.launch, 'here')));
    const run = await until('the daemon saw the head', async () => {
      const found = await lastRun(box);
      return found.state === 'running' && found.runName !== null ? found : undefined;
    });
    t.equal(box.filesWith(value).length, 1, 'only the run directory contains the value');
    const head = (
      JSON.parse(readFileSync(join(box.state, 'runs', run.id, 'process'), 'utf8')) as { pid: number }
    ).pid;
    const shim = Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${String(head)}/status`, 'utf8'))?.[1]);
    const daemon = (await box.daemonPid()) ?? 0;
    const victims = {
      cli: [started.pid],
      shim: [shim],
      head: [head],
      daemon: [daemon],
      'daemon and cli': [daemon, started.pid],
      all: [daemon, started.pid, shim, head],
    }[victim];
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    writeFileSync(join(box.launch, 'go'), '');
    const ended = await started.ended;
    if (victim === 'head') t.equal(ended.status, 137);
    if (victim === 'daemon') t.equal(ended.status, 0);
    await until(`purged after ${victim}`, async () =>
      (await lastRun(box)).state === 'purged' ? true : undefined,
    );
    await nothingLeft(t, box, [value]);
    const { outcome } = await lastRun(box);
    const expected = {
      cli: 'succeeded',
      shim: 'lost', // only the log tells the outcome
      head: 'failed',
      daemon: 'succeeded',
      'daemon and cli': 'succeeded',
      all: 'lost',
    }[victim];
    t.equal(outcome, expected, `${victim}: ${String(outcome)}`);
    await box.remove();
  }
});

void t.test('forwards signals to nextflow and returns its status', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  for (const [name, status] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    const started = box.start(['run', `touch ${name}; while :; do sleep 0.05; done`]);
    await until('the task runs', () => existsSync(join(box.launch, name)));
    process.kill(started.pid, name);
    t.equal((await started.ended).status, status, name);
    t.match(await lastRun(box), { outcome: 'cancelled', state: 'purged', exitStatus: status });
    await nothingLeft(t, box, [value]);
  }
  const warned = box.start(['run', 'touch SIGUSR1; while [ ! -e go ]; do sleep 0.05; done']);
  await until('the task runs', () => existsSync(join(box.launch, 'SIGUSR1')));
  process.kill(warned.pid, 'SIGUSR1');
  const { status, stderr } = await warned.ended;
  t.equal(status, 138, "forwards a scheduler's warning");
  t.notMatch(stderr, /Debugger/);
  writeFileSync(join(box.launch, 'go'), '');
  await nothingLeft(t, box, [value]);
});

void t.test('with -bg, returns 0 at once and purges the run when the head ends', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  // The head of -bg counts as such only if its program is Java's: a task could claim to be it.
  copyFileSync('/bin/bash', join(box.directory, 'java'));
  chmodSync(join(box.directory, 'java'), 0o755);
  writeFileSync(
    join(box.directory, 'nextflow-bg'),
    '#!/bin/bash\n"${0%/*}/java" "$REAL" "$@" &\necho $! >.nextflow.pid\nexit 0\n',
    { mode: 0o755 },
  );
  const env = {
    REAL: box.env['NF_ESCROW_NEXTFLOW'] ?? '',
    NF_ESCROW_NEXTFLOW: join(box.directory, 'nextflow-bg'),
  };
  const ended = await box.escrow(['run', '-bg', 'touch here; while [ ! -e go ]; do sleep 0.05; done'], {
    env,
  });
  t.equal(ended.status, 0);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  t.equal(box.filesWith(value).length, 1, 'a live run keeps its secrets');
  const purged = await box.escrow(['runs', 'purge', (await lastRun(box)).id]);
  t.equal(purged.status, 75);
  t.match(purged.stderr, /is running/);
  writeFileSync(join(box.launch, 'go'), '');
  await until('purged', async () => ((await lastRun(box)).state === 'purged' ? true : undefined));
  t.match(
    await lastRun(box),
    {
      outcome: 'lost',
      outcomeEvidence: /no record shows how; the log says: execution complete/,
      logFile: join(box.launch, '.nextflow.log'),
    },
    'without the plugin, only the log tells the outcome',
  );
  await nothingLeft(t, box, [value]);
  unlinkSync(join(box.launch, 'go'));
  unlinkSync(join(box.launch, 'here'));
  await box.escrow(['run', '-bg', 'touch here; while [ ! -e go ]; do sleep 0.05; done'], { env });
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  await box.escrow(['runs', 'cancel', (await lastRun(box)).id]);
  await until('purged', async () => ((await lastRun(box)).state === 'purged' ? true : undefined));
  t.match(await lastRun(box), { outcome: 'cancelled' }, 'cancels the head although its launcher has exited');
});

void t.test(
  'leaves out a value that cannot be delivered exactly, and rejects it if it is selected',
  async (t) => {
    const box = new Sandbox(t);
    const set = await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: `${newValue()}\n` });
    t.match(set, {
      status: 0,
      stdout: /33 bytes/,
      stderr: /FOO_KEY ends with a newline, which is part of the value/,
    });
    const key = await box.escrow(['secrets', 'set', 'PEM_KEY', '--user'], { input: 'two\nlines\n' });
    t.match(key, { status: 0, stderr: '' }, 'no warning for a text of several lines');
    t.same(await box.json(['secrets', 'remove', 'PEM_KEY', '--user', '--yes']), { removed: ['PEM_KEY'] });
    const refused = await box.escrow(['run', '--only-secret', 'FOO_KEY', 'touch ran']);
    t.equal(refused.status, 78);
    t.match(refused.stderr, /selected secret FOO_KEY: .+ value, which contains a newline/);
    t.notOk(existsSync(join(box.launch, 'ran')));
    t.notOk(existsSync(join(box.state, 'runs')));
    t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 0);
    t.equal((await box.escrow(['run', '--no-secrets', 'touch ran'])).status, 0);
    t.ok(existsSync(join(box.launch, 'ran')));
    const left = await box.escrow(['run', 'cat "$NXF_SECRETS_FILE"; true']);
    t.equal(left.status, 0);
    t.match(
      left.stderr,
      /secret FOO_KEY is not delivered: .+ contains a newline\. A process that declares it fails\./,
    );
    t.equal(left.stdout, '', "Nextflow uses neither the user's own store nor a changed value");
  },
);

void t.test('starts plain nextflow if there are no secrets', async (t) => {
  const box = new Sandbox(t);
  const ended = await box.escrow(['run', '-', '--x'], { input: 'true' });
  t.notOk(ended.stderr.includes('nf-escrow:'));
  const plain = await box.escrow(['run', 'echo "${NXF_SECRETS_FILE-unset}"']);
  t.equal(plain.stdout, 'unset\n');
  t.match(await lastRun(box), { state: 'purged', outcome: 'succeeded' });
});

void t.test('reports usage errors with a hint, and changes nothing', async (t) => {
  const box = new Sandbox(t);
  const cases: [string[], number, RegExp][] = [
    [['run'], 64, /Missing argument PIPELINE/],
    [['run', '--workspce', 'a/b', 'x'], 64, /Did you mean --workspace/],
    [['run', '--workspace', 'no/such', 'x'], 78, /no workspace "no\/such"/],
    [['run', '--only-secret', 'NOT_THERE', 'x'], 78, /Cannot deliver NOT_THERE/],
    [['run', '--nextflow', '/nonexistent', 'x'], 78, /not an executable file/],
    [['secrets', 'set', 'A-B'], 64, /characters other than/],
    [['secrets', 'set', '1A'], 64, /starts with a digit/],
    [['secrets', 'set', 'EMPTY'], 64, /EMPTY: the value is empty/],
    [['secrets', 'set', 'AB', 'CD'], 64, /Cannot set a secret from an argument/],
    [['secrets', 'remove', 'NOT_THERE', '--yes'], 1, /Cannot remove NOT_THERE/],
    [['secrets', 'remove', 'NOT_THERE'], 64, /Cannot ask for confirmation/],
    [['secrets', 'remove', 'NOT_THERE', '--yes'], 1, /Cannot remove NOT_THERE/],
    [['secrets', 'set', 'AB', '--user', '--workspace', 'local/main'], 64, /cannot be combined/],
    [['runs', 'show', 'r999'], 1, /No run has the id or name "r999"/],
    [['nonsense'], 64, /^nf-escrow: Unknown command/],
    [['main.nf'], 64, /To run a pipeline: nf-escrow run main\.nf/],
    [['nf-core/rnaseq'], 64, /To run a pipeline: nf-escrow run nf-core\/rnaseq/],
  ];
  for (const [args, status, message] of cases) {
    const ended = await box.escrow(args);
    t.equal(ended.status, status, args.join(' '));
    t.match(ended.stderr, message);
  }
  t.equal(
    (await box.escrow(['run', 'x'], { env: { NF_ESCROW_NEXTFLOW: '', PATH: '/nonexistent' } })).status,
    78,
  );
  const tooLong = await box.escrow(['status'], { env: { NF_ESCROW_HOME: `/tmp/${'x'.repeat(100)}` } });
  t.equal(tooLong.status, 78);
  t.match(tooLong.stderr, /107 bytes/);
  await box.escrow(['daemon', 'stop']);
  chmodSync(box.state, 0o755);
  const exposed = await box.escrow(['secrets', 'list']);
  t.equal(exposed.status, 77);
  t.match(exposed.stderr, /mode 0755/);
  chmodSync(box.state, 0o700);
});

void t.test('twenty concurrent commands start one daemon', async (t) => {
  const box = new Sandbox(t);
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      box.escrow(['secrets', 'set', `KEY_${String(index)}`], { input: newValue() }),
    ),
  );
  for (const { status, stderr } of all) t.equal(status, 0, stderr);
  const { secrets } = await box.json<SecretList>(['secrets', 'list']);
  t.equal(secrets.length, 20);
  t.equal(readFileSync(join(box.state, 'daemon.log'), 'utf8').match(/daemon started/g)?.length, 1);
});

void t.test('aborts a run whose launcher has died before the start', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const status = await box.json<{ process: { pid: number; startTime: string } }>(['daemon', 'status']);
  const body = {
    selection: {},
    launchDirectory: box.launch,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: { ...status.process, startTime: '1' },
  };
  t.equal((await box.http('POST', '/v1/runs', body)).status, 201);
  await until('aborted', async () => ((await lastRun(box)).state === 'purged' ? true : undefined));
  t.match(await lastRun(box), { outcome: 'aborted' });
  await nothingLeft(t, box, [value]);
});
