import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { accepts, purged, refuses } from '../../../support/hostile.ts';
import { root, Sandbox, until, untapped, type Ended } from '../../../support/sandbox.ts';

const program = join(root, 'dist/daemon/main.js');
const VALUE = 'the-value-among-odd-processes';

/** Returns whether a process listens on TCP: its socket has state 0A in /proc/net/tcp. */
function listens(pid: number): boolean {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6']
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/ +/));
  const sockets = new Set(rows.filter((row) => row[3] === '0A').map((row) => `socket:[${row[9] ?? ''}]`));
  const directory = `/proc/${String(pid)}/fd`;
  return readdirSync(directory).some((fd) => sockets.has(readlinkSync(join(directory, fd))));
}

void t.test('SIGUSR1 opens no inspector in the daemon or a waiting command', async (t) => {
  const box = new Sandbox(t);
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const daemon = (await box.daemonPid()) ?? 0;
  const run = box.start(['run', 'touch here; while [ ! -e go ]; do sleep 0.05; done']);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = (await box.json<{ runs: { id: string }[] }>(['runs', 'list'])).runs[0] ?? { id: '' };
  const wait = box.start(['runs', 'watch', id]);
  let shown = '';
  wait.child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  await until('the command watches', () => shown.includes('Planned the run'));
  // A plain Node is signaled last. Once its inspector is open, the others would have opened theirs.
  const script = 'process.stdin.resume(); console.log("ready")';
  const plain = spawn(...untapped(process.execPath, ['--inspect-port=0', '-e', script]), {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => plain.kill('SIGKILL'));
  await once(plain.stdout, 'data');
  for (const pid of [daemon, wait.pid, plain.pid ?? 0]) process.kill(pid, 'SIGUSR1');
  await until('a plain Node opens its inspector', () => listens(plain.pid ?? 0));
  for (const pid of [daemon, wait.pid]) t.notOk(listens(pid));
  writeFileSync(join(box.launch, 'go'), '');
  await run.ended;
  t.notMatch((await wait.ended).stderr, /Debugger listening/);
  t.notMatch(readFileSync(join(box.state, 'daemon.log'), 'utf8'), /Debugger listening/);
  t.equal(await box.daemonPid(), daemon);
});

void t.test('passes NODE_OPTIONS to nextflow, but not to the daemon', async (t) => {
  const box = new Sandbox(t);
  const loaded = join(box.directory, 'loaded');
  writeFileSync(
    join(box.directory, 'marker.cjs'),
    `require('fs').appendFileSync(${JSON.stringify(loaded)}, process.argv.slice(2).join(' ') + '\\n')`,
  );
  const options = `--require=${join(box.directory, 'marker.cjs')}`;
  // Set by `env`, because the sandbox removes the variable from its children.
  const escrow = (args: string[], input = ''): Promise<Ended> =>
    box.startProgram('env', [`NODE_OPTIONS=${options}`, process.execPath, program, ...args], { input }).ended;
  t.match(await escrow(['secrets', 'set', 'FOO_KEY'], VALUE), { status: 0 });
  t.match(await escrow(['run', 'echo "$NODE_OPTIONS"']), { status: 0, stdout: `${options}\n` });
  t.notMatch(readFileSync(loaded, 'utf8'), /daemon run/);
  t.match(readFileSync(loaded, 'utf8'), /secrets set/, "Node applies it to the user's own command");
});

void t.test('refuses a socket path of 108 bytes and accepts one of 107', async (t) => {
  const box = new Sandbox(t);
  const rest = Buffer.byteLength(`/${hostname()}/daemon.sock`);
  const home = (length: number): string => `${box.directory}/`.padEnd(length - rest, 'x');
  await refuses(t, box, ['secrets', 'list'], [78, /has 108 bytes/], { env: { NF_ESCROW_HOME: home(108) } });
  t.notOk(existsSync(home(108)));
  await accepts(t, box, ['secrets', 'list'], { env: { NF_ESCROW_HOME: home(107) } });
  await accepts(t, box, ['daemon', 'stop'], { env: { NF_ESCROW_HOME: home(107) } });
});

void t.test('supports homes with spaces, quotes, newlines and other special characters', async (t) => {
  const box = new Sandbox(t);
  const odd = join(box.directory, `a 'b" ü\n$(x);*`);
  mkdirSync(odd, { mode: 0o700 });
  const runs = join(odd, 'state', 'runs');
  Object.assign(box.env, { HOME: odd, NF_ESCROW_HOME: join(odd, 'state'), NF_ESCROW_RUNS_DIR: runs });
  const cwd = odd;
  await accepts(t, box, ['secrets', 'set', 'FOO_KEY'], { input: VALUE });
  const show = 'grep -o the-value-[a-z-]* "$NXF_SECRETS_FILE"';
  t.equal((await accepts(t, box, ['run', show], { cwd })).stdout, `${VALUE}\n`);
  await purged(t, box, VALUE);
  await accepts(t, box, ['run', '--detach', show.replace('grep -o', 'grep -c')], { cwd });
  const { id } = await purged(t, box, VALUE);
  t.match((await accepts(t, box, ['runs', 'logs', id])).stdout, '1\n');
  const programs = join(odd, 'bin');
  await accepts(t, box, ['shim', programs]);
  const shim = box.startProgram(join(programs, 'nextflow'), ['run', show], { cwd });
  t.match(await shim.ended, { status: 0, stdout: `${VALUE}\n` });
  await purged(t, box, VALUE);
  const background = join(box.directory, 'nextflow-bg');
  writeFileSync(background, `#!/bin/sh\n"$FAKE" "$@" >/dev/null 2>&1 &\necho $! >.nextflow.pid\nexit 0\n`, {
    mode: 0o755,
  });
  const env = { NF_ESCROW_NEXTFLOW: background, FAKE: box.env['NF_ESCROW_NEXTFLOW'] ?? '' };
  await accepts(t, box, ['run', '-bg', `${show} >seen; sleep 0.2`], { cwd, env });
  t.match(await purged(t, box, VALUE.concat('-never')), { outcome: 'lost' });
  t.equal(readFileSync(join(odd, 'seen'), 'utf8'), `${VALUE}\n`);
  await box.escrow(['daemon', 'stop']);
});
