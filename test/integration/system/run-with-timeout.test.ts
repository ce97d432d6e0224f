import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { runWithTimeout } from '../../../daemon/system/processes/run-with-timeout.ts';
import { root, Sandbox, until } from '../../support/sandbox.ts';

const env = { PATH: process.env['PATH'] };
const limitMs = 60_000;

function isRunning(pid: string): boolean {
  return /^State:\s+[^ZX]/m.test(
    existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '',
  );
}

void t.test('returns status and output', async (t) => {
  const run = (script: string, more = {}): ReturnType<typeof runWithTimeout> =>
    runWithTimeout('sh', ['-c', script], { env, limitMs, ...more });
  t.same(await run('echo out; echo err >&2; exit 3'), {
    ...{ status: 3, stdout: 'out\n', stderr: 'err\n', timedOut: false },
  });
  t.match(await run('kill -9 $$'), { status: null, timedOut: false });
  t.match(await run('cat', { input: 'a\nb' }), { status: 0, stdout: 'a\nb' });
  t.match(await run('cat'), { status: 0, stdout: '' }, 'the input is empty by default');
  t.match(await run(`printf '\\377\\n'`, { encoding: 'latin1' }), { stdout: '\xff\n' });
  t.match(await run('echo "$HOME$MINE"', { env: { ...env, MINE: 'x' } }), { stdout: 'x\n' });
});

void t.test('rejects a command that is missing or prints too much', async (t) => {
  await t.rejects(runWithTimeout('no-such-program', [], { env, limitMs }), { code: 'ENOENT' });
  await t.rejects(runWithTimeout('yes', [], { env, limitMs, outputMax: 1000 }), {
    message: /more than 1000/,
  });
});

void t.test('does not wait for a process that the command has started', async (t) => {
  const { status, stdout } = await runWithTimeout('sh', ['-c', 'sleep 300 & echo $!'], { env, limitMs });
  const pid = stdout.trim();
  t.equal(status, 0);
  t.ok(isRunning(pid), 'it still runs, and holds the pipe');
  process.kill(Number(pid));
});

void t.test('kills the command and the processes that it has started at the time limit', async (t) => {
  const file = join(t.testdir(), 'pids');
  const script = `sleep 300 & echo $! $$ >${file}; wait`;
  t.match(await runWithTimeout('sh', ['-c', script], { env, limitMs: 1000 }), {
    status: null,
    timedOut: true,
  });
  const pids = readFileSync(file, 'utf8').trim().split(' ');
  t.equal(pids.length, 2);
  await until('both are killed', () => !pids.some(isRunning));
});

void t.test('a signal to this process kills the command too', async (t) => {
  const box = new Sandbox(t);
  const module = pathToFileURL(join(root, 'dist/daemon/system/processes/run-with-timeout.js')).href;
  const file = join(box.launch, 'pid');
  const code = `import { runWithTimeout } from '${module}';
    if (process.env.OWN) process.on('SIGTERM', () => console.log('own handler'));
    await runWithTimeout('sh', ['-c', 'echo $$ >${file}; exec sleep 300'], { env: process.env, limitMs: ${String(limitMs)} });`;
  for (const own of ['', 'yes']) {
    rmSync(file, { force: true });
    const { child, ended } = box.startProgram(process.execPath, ['--input-type=module', '-e', code], {
      env: { OWN: own },
    });
    await until('the command runs', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    const pid = readFileSync(file, 'utf8').trim();
    t.ok(isRunning(pid));
    child.kill('SIGTERM');
    t.match(await ended, own === '' ? { signal: 'SIGTERM' } : { status: 0, stdout: 'own handler\n' });
    await until('the command is killed', () => !isRunning(pid));
  }
});
