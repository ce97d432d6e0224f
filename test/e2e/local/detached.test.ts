import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { JournalEvent, Run, RunList } from '../../../daemon/contract/types.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const newValue = (): string => randomBytes(16).toString('hex');
const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

async function lastRun(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('no run exists');
  return run;
}

void t.test('a detached run continues; its output, events and end can be followed', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const ended = await box.escrow(['run', '--detach', '--json', `echo begins; ${HOLD}; echo ends; exit 5`]);
  t.equal(ended.status, 0, ended.stderr);
  const { id } = JSON.parse(ended.stdout) as Run;
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const logs = box.start(['runs', 'logs', '-f', id]);
  const watch = box.start(['runs', 'watch', id]);
  const wait = box.start(['runs', 'wait', id]);
  const so = await box.escrow(['runs', 'logs', id]);
  t.equal(so.stdout, 'begins\n');
  t.equal(box.filesWith(value).length, 1, 'a live run keeps its secrets');
  process.kill((await box.daemonPid()) ?? 0, 'SIGKILL');
  writeFileSync(join(box.launch, 'go'), '');
  t.equal((await wait.ended).status, 5, "wait returns nextflow's status and survives a daemon");
  const followed = await logs.ended;
  t.equal(followed.stdout, 'begins\nends\n', followed.stderr);
  const steps = (await watch.ended).stdout;
  for (const step of [
    /^\S+Z  Planned the run with 1 secret$/m,
    /^\S+Z  Nextflow started$/m,
    /^\S+Z  Nextflow ended: failed \(exit status 5/m,
    /^\S+Z  Removed \/.*, and verified that it no longer exists$/m,
    /^\S+Z  The run is complete: no removal is pending\n$/m,
  ])
    t.match(steps, step);
  t.notMatch(steps, /^\S+Z  (?:run|lease)\./m, 'describes every step');
  const events = (await box.escrow(['runs', 'watch', id, '--json'])).stdout.trim().split('\n');
  t.same(
    events.map((line) => (JSON.parse(line) as JournalEvent).type).filter((type) => type.startsWith('run.')),
    ['run.created', 'run.examined', 'run.materialized', 'run.running', 'run.ended', 'run.purged'],
  );
  const run = await lastRun(box);
  t.match(run, { state: 'purged', outcome: 'failed', exitStatus: 5 });
  t.equal(statSync(run.outputFile ?? '').mode & 0o777, 0o600);
  t.same(box.filesWith(value), []);
  await box.escrow(['runs', 'prune', '--older-than', '0', '--yes']);
  t.same(readdirSync(join(box.state, 'output')), [], 'prune deletes the output');
});

void t.test('cancels a detached run, and reports errors at its start', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: newValue() });
  const { id } = JSON.parse((await box.escrow(['run', '--detach', '--json', HOLD])).stdout) as Run;
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  t.equal((await box.escrow(['runs', 'cancel', id])).status, 0);
  t.equal((await box.escrow(['runs', 'wait', id])).status, 143);
  t.match(await lastRun(box), { outcome: 'cancelled' });
  const explained = await box.escrow(['run', '--detach', '--explain', 'x']);
  t.equal(explained.status, 64);
  t.equal((await box.escrow(['run', '--json', 'x'])).status, 64);
  t.equal((await box.escrow(['runs', 'wait', 'r0'])).status, 1);
});

void t.test('nf-escrow nextflow delivers secrets to runs and passes on every other command', async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const seen = 'sed -n "s/.*value...\\(.*\\)..]/\\1/p" "$NXF_SECRETS_FILE" | tr -d "\\n" | sha256sum';
  const hash = createHash('sha256').update(value).digest('hex');
  const ended = await box.escrow(['nextflow', '-log', 'my.log', 'run', `${seen}; exit 3`]);
  t.equal(ended.status, 3, ended.stderr);
  t.match(ended.stdout, hash);
  t.match(await lastRun(box), { logFile: join(box.launch, 'my.log'), exitStatus: 3 });
  writeFileSync(join(box.launch, 'script'), 'the very first argument names a file: it is run');
  writeFileSync(
    join(box.directory, 'echoing'),
    '#!/bin/bash\nprintf "<%s>" "$@"; [ -z "$NXF_SECRETS_FILE" ] || printf given; exit 4\n',
    { mode: 0o755 },
  );
  const env = { NF_ESCROW_NEXTFLOW: join(box.directory, 'echoing') };
  const handed = await box.escrow(['nextflow', 'log', '-f', 'a b', '--workspace', ''], { env });
  t.match(handed, { status: 4, stdout: '<log><-f><a b><--workspace><>' });
  t.match(await box.escrow(['nextflow', 'script', '--x'], { env }), {
    status: 4,
    stdout: '<script><--x>given',
  });
  t.match(await box.escrow(['nextflow', 'run', '-h'], { env }), { status: 4, stdout: '<run><-h>' });
  t.equal((await box.json<RunList>(['runs', 'list'])).runs.length, 2);
});

void t.test('the shim on PATH replaces nextflow and never starts itself', async (t) => {
  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: newValue() });
  const [bin, real] = [join(box.directory, "my 'bin"), join(box.directory, 'real')];
  mkdirSync(real);
  copyFileSync(box.env['NF_ESCROW_NEXTFLOW'] ?? '', join(real, 'nextflow'));
  t.equal((await box.escrow(['shim', bin])).status, 0);
  t.equal((await box.escrow(['shim', bin])).status, 0, 'overwrites its own file');
  t.equal((await box.escrow(['shim', real])).status, 78, 'does not overwrite another nextflow');
  const env = { NF_ESCROW_NEXTFLOW: '', PATH: `${bin}:${real}:${process.env['PATH'] ?? ''}` };
  const command = `nextflow run 'test -n "$NXF_SECRETS_FILE" && echo given'`;
  const { status, stdout } = await box.startProgram('/bin/sh', ['-c', command], { env }).ended;
  t.match({ status, stdout }, { status: 0, stdout: 'given\n' });
  t.match(await lastRun(box), { nextflow: join(real, 'nextflow'), outcome: 'succeeded' });
  const lost = { ...env, PATH: `${bin}:/usr/bin:/bin` };
  const none = await box.startProgram('/bin/sh', ['-c', 'nextflow run x'], { env: lost }).ended;
  t.equal(none.status, 78);
  t.match(none.stderr, /Cannot find `nextflow` on PATH/);
  const named = await box.escrow(['run', '--nextflow', join(bin, 'nextflow'), 'x']);
  t.match(named.stderr, /not Nextflow/);
  t.match(readFileSync(join(bin, 'nextflow'), 'utf8'), /^#!\/bin\/bash -p\n/);
});

void t.test("does not deliver the parent's store to a nextflow inside a task", async (t) => {
  const box = new Sandbox(t);
  const value = newValue();
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
  const inner = '"$NODE" "$ESCROW" run --no-secrets \'echo "<${NXF_SECRETS_FILE-unset}>"\'';
  const env = { NODE: process.execPath, ESCROW: join(import.meta.dirname, '../../../daemon/main.js') };
  const only = '"$NODE" "$ESCROW" run --explain --json x';
  const ended = await box.escrow(['run', only], { env });
  t.match(JSON.parse(ended.stdout.slice(ended.stdout.indexOf('{'))), {
    secrets: [{ name: 'FOO_KEY', scope: 'workspace', overrides: [] }],
  });
  t.equal((await box.escrow(['run', inner], { env })).status, 0);
});

void t.test('ends quietly if the reader closes the pipe', async (t) => {
  const box = new Sandbox(t);
  const command = `"$NODE" "$ESCROW" config list | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const env = { NODE: process.execPath, ESCROW: join(import.meta.dirname, '../../../daemon/main.js') };
  const { stdout, stderr } = await box.startProgram('/bin/bash', ['-c', command], { env }).ended;
  t.match(stdout, /^workspace\t.*\n0\n$/);
  t.equal(stderr, '');
});
