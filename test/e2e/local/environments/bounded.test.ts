// Every loop is bounded and every wait has a deadline, for any setting and any process that does not answer.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import t from 'tap';
import { askNextflow } from '../../../../daemon/nextflow/launcher/ask.ts';
import { askLauncher } from '../../../../daemon/nextflow/launcher/ask-version.ts';
import { readLauncher } from '../../../../daemon/nextflow/launcher/version.ts';
import { makeDirectories } from '../../../../daemon/system/files/make-directories.ts';
import { withinLimit } from '../../../../daemon/system/time/within-limit.ts';
import { soon } from '../../../support/hostile.ts';
import { stateOf } from '../../../support/process-state.ts';
import { Sandbox, until } from '../../../support/sandbox.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

/** Below /proc, mkdir(2) reports ENOENT although the parent exists: Node's recursive mkdir never returns there. */
const NOWHERE = '/proc/nope';

const places: readonly (readonly [
  title: string,
  env: Record<string, string>,
  args: readonly string[],
  status: number,
])[] = [
  ['NXF_HOME', { NXF_HOME: NOWHERE, NXF_PLUGINS_DEFAULT: '' }, ['run', 'echo hi'], 0],
  [
    'NXF_PLUGINS_DIR',
    { NXF_PLUGINS_DIR: `${NOWHERE}/plugins`, NXF_PLUGINS_DEFAULT: '' },
    ['run', 'echo hi'],
    0,
  ],
  ['NF_ESCROW_HOME', { NF_ESCROW_HOME: NOWHERE }, ['run', 'echo hi'], 78],
  ['XDG_STATE_HOME', { NF_ESCROW_HOME: '', XDG_STATE_HOME: NOWHERE }, ['run', 'echo hi'], 78],
  ['the directory of the shim', {}, ['shim', `${NOWHERE}/a/b`], 78],
  [
    'the directory of policies',
    {},
    [
      'iam',
      'render',
      '--account',
      '123456789012',
      '--execution-role-name',
      'task',
      '--output',
      `${NOWHERE}/a`,
    ],
    78,
  ],
];

void t.test('commands do not hang if a setting names a path below /proc', async (t) => {
  for (const [title, env, args, status] of places) {
    const box = new Sandbox(t);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'a value' });
    const end = await soon(t, box, args, { env });
    t.equal(end.status, status, `${title}: ${end.stderr}`);
    t.notMatch(end.stderr, /^ +at /m, title);
  }
});

void t.test('creates directories with their parents, or names the first that cannot be created', (t) => {
  const base = temporaryDirectory(t);
  makeDirectories(join(base, 'a/b/c'), 0o755);
  makeDirectories(join(base, 'a/b/c'), 0o755);
  t.ok(statSync(join(base, 'a/b/c')).isDirectory());
  writeFileSync(join(base, 'file'), '');
  t.throws(() => makeDirectories(join(base, 'file/x'), 0o755), { code: 'path-conflict' });
  t.throws(() => makeDirectories(join(base, 'file'), 0o755), { code: 'path-conflict' });
  t.throws(() => makeDirectories(`${NOWHERE}/x/y`, 0o755), {
    code: 'path-conflict',
    message: 'Cannot use "/proc/nope": no such file or directory (ENOENT).',
  });
  t.end();
});

void t.test('a Nextflow that does not answer is killed with what it started', async (t) => {
  const base = temporaryDirectory(t);
  const nextflow = join(base, 'hanging');
  writeFileSync(nextflow, `#!/bin/bash\nsleep 600 &\necho $! >${base}/child\nwait\n`, { mode: 0o755 });
  const state = join(base, 'state');
  const answer = await askNextflow({
    nextflow,
    arguments: ['config'],
    env: process.env,
    cwd: base,
    state,
    limitMs: 1500,
  });
  t.equal(answer.error, 'no answer within 1.5 s');
  const child = Number(readFileSync(join(base, 'child'), 'utf8'));
  await until('its child is killed', () => [undefined, 'Z'].includes(stateOf(child)));
  const where = { env: process.env, cwd: base, state, limitMs: 500 };
  const launcher = await askLauncher(nextflow, readLauncher(nextflow, process.env), where);
  t.match(launcher, { version: undefined, isCertain: false });
});

void t.test('reports a daemon that does not answer', async (t) => {
  const box = new Sandbox(t);
  // It accepts connections and is silent, like a stopped process.
  const connections: Socket[] = [];
  const server = createServer((socket) => connections.push(socket));
  mkdirSync(box.state, { mode: 0o700 });
  mkdirSync(dirname(box.socket), { mode: 0o700 });
  await new Promise<void>((resolve) => server.listen(box.socket, resolve));
  t.teardown(() => {
    server.close();
    for (const socket of connections) socket.destroy();
  });
  const end = await box.escrow(['status']);
  t.equal(end.status, 69, end.stderr);
  t.match(end.stderr, /^nf-escrow: Cannot reach the daemon at ".*": .*\n +Run `nf-escrow daemon status`/);
  await new Promise((resolve) => {
    server.close(resolve);
    for (const socket of connections) socket.destroy();
  });
});

void t.test('stops waiting at the limit for work that cannot be stopped', async (t) => {
  t.equal(await withinLimit(5000, Promise.resolve(7), () => new Error('late')), 7);
  await t.rejects(
    withinLimit(10, new Promise(() => undefined), () => new Error('late')),
    { message: 'late' },
  );
});
