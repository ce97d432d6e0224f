import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { validate } from '../../../daemon/contract/validate.ts';
import type { DoctorCheck, DoctorReport } from '../../../daemon/contract/types.ts';
import { checkEnvironment } from '../../../daemon/doctor/checks/environment.ts';
import { groupsFor, runChecks } from '../../../daemon/doctor/examine.ts';
import { checkSocket } from '../../../daemon/doctor/checks/socket.ts';
import { answers, createDoctorContext } from '../../../daemon/doctor/doctor-context.ts';
import { EscrowError } from '../../../daemon/errors.ts';
import { fileSystemType } from '../../../daemon/system/files/file-system-type.ts';
import { root, Sandbox, type Environment } from '../../support/sandbox.ts';
import { fakeJava, program, subjectIn } from '../../support/doctor-context.ts';

/** Returns a sandbox with everything that a launch needs. */
function soundSandbox(t: Test): Sandbox {
  const box = new Sandbox(t);
  fakeJava(join(box.directory, 'java/bin/java'), '17.0.15');
  box.env['JAVA_HOME'] = join(box.directory, 'java');
  const nextflow = program(join(box.directory, 'nextflow'), "NXF_VER=${NXF_VER:-'25.10.0'}\n");
  box.env['NF_ESCROW_NEXTFLOW'] = nextflow;
  box.env['NXF_PLUGINS_DEFAULT'] = 'true';
  return box;
}

async function report(
  box: Sandbox,
  env: Environment = {},
): Promise<{ status: number | null; checks: DoctorReport['checks'] }> {
  const { status, stdout, stderr } = await box.escrow(['doctor', '--json'], { env });
  if (stderr !== '') throw new Error(stderr);
  return { status, checks: validate<'DoctorReport'>('doctor-report.json', JSON.parse(stdout)).checks };
}

/** Runs the checks like the command, in this process. */
async function examineIn(env: Environment): Promise<DoctorCheck[]> {
  return runChecks(await createDoctorContext({ PATH: '/usr/bin:/bin', ...env }, '0.1.0'));
}

function named(checks: readonly DoctorCheck[], name: string): DoctorCheck | undefined {
  return checks.find((check) => check.name === name);
}

void t.test('reports a healthy machine with status 0, and starts nothing', async (t) => {
  const box = soundSandbox(t);
  const { status, stdout } = await box.escrow(['doctor']);
  t.equal(status, 0, stdout);
  t.match(stdout, /^ok {7}java +17\.0\.15 at .*\(from JAVA_HOME\)$/m);
  t.match(stdout, /^ok {7}nextflow +25\.10\.0 at /m);
  const warnings = [...stdout.matchAll(/^warning +(.*?) {2}/gm)].map(([, name]) => name);
  // NF_ESCROW_HOME contains key and ledger. This machine may have commands of a scheduler that is not running.
  t.same(
    warnings.filter((name) => name !== 'scheduler'),
    ['vault key location'],
  );
  t.match(stdout, /\n\d+ checks: 0 failed, [12] with a warning\.\n$/);
  t.throws(() => statSync(box.state), { code: 'ENOENT' }, 'creates nothing');
});

void t.test('reports the running daemon', async (t) => {
  const box = soundSandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'do-not-tell' });
  const { status, checks } = await report(box);
  t.equal(status, 0);
  t.match(named(checks, 'socket'), { state: 'ok', found: /the daemon, version .*, answers/ });
  t.match(named(checks, 'vault key'), { state: 'ok', found: /is private/ });
  t.notOk(JSON.stringify(checks).includes('do-not-tell'));
  process.kill((await box.daemonPid()) ?? 0, 'SIGKILL');
  t.match(named(await examineIn(box.env), 'socket'), { state: 'ok', found: /a killed daemon left/ });
});

void t.test('prints the remedy of a failure on the next line, and exits with status 1', async (t) => {
  const box = soundSandbox(t);
  mkdirSync(box.state, { mode: 0o755 });
  chmodSync(box.state, 0o755);
  const { status, stdout } = await box.escrow(['doctor']);
  t.equal(status, 1);
  t.match(
    stdout,
    `failure  state directory          Cannot use the state directory "${box.state}": it has mode 0755, so others can access it.\n`,
  );
  t.match(stdout, `\n                                  chmod go-rwx ${box.state}\n`);
});

void t.test('continues if other files exist at the paths of nf-escrow', async (t) => {
  const box = soundSandbox(t);
  execFileSync('mkfifo', [box.state]);
  const { status, checks } = await report(box);
  t.equal(status, 1);
  t.match(named(checks, 'state directory'), { state: 'failure', found: /not a directory/ });
  rmSync(box.state);
  mkdirSync(box.socket, { recursive: true, mode: 0o700 });
  t.match(named(await examineIn(box.env), 'socket'), { state: 'failure', found: /not a socket/ });
});

void t.test('accepts a socket path of up to 107 bytes', async (t) => {
  const box = soundSandbox(t);
  const home = (length: number): Environment => {
    const rest = Buffer.byteLength(box.socket.slice(box.state.length));
    return { NF_ESCROW_HOME: `/tmp/${'x'.repeat(length - rest - '/tmp/'.length)}` };
  };
  t.match(named(await examineIn({ ...box.env, ...home(107) }), 'socket'), { state: 'ok' });
  const { status, checks } = await report(box, home(108));
  t.equal(status, 1);
  t.match(named(checks, 'socket'), { state: 'failure', found: /108 bytes/ });
  t.match(named(checks, 'state directory'), { state: 'ok' }, 'runs the other checks');
});

void t.test('reports invalid settings as a failed check', async (t) => {
  const box = soundSandbox(t);
  const relative = await examineIn({ ...box.env, NF_ESCROW_HOME: 'here' });
  t.match(named(relative, 'settings'), { state: 'failure', found: /must be an absolute path/ });
  t.match(named(relative, 'java'), { state: 'ok' });
  t.equal(named(relative, 'state directory'), undefined);
  mkdirSync(box.state, { mode: 0o700 });
  const file = join(box.state, 'config.yaml');
  writeFileSync(file, 'idleSeconds: soon\n');
  const { status, checks } = await report(box);
  t.equal(status, 1);
  t.match(named(checks, 'settings'), {
    state: 'failure',
    found: /idleSeconds in ".*", line 1, column 1: it must be a number .*, not soon/,
  });
  t.match(named(checks, 'state directory'), { state: 'ok' });
  rmSync(file);
  execFileSync('mkfifo', [file]);
  t.match(named(await examineIn(box.env), 'settings'), { state: 'failure', found: /not a regular file/ });
  const other = await box.escrow(['status']);
  t.equal(other.status, 78, 'other commands reject the FIFO without waiting');
  t.equal((await box.escrow(['--help'])).status, 0);
  const early = await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: '' });
  t.equal(early.status, 78, 'fails before it reads the value, which is empty');
});

void t.test('warns about a state directory in memory', async (t) => {
  if (fileSystemType('/dev/shm').name !== 'tmpfs') return t.pass('skipped', { skip: '/dev/shm is missing' });
  const state = mkdtempSync('/dev/shm/nfe-');
  t.teardown(() => rmSync(state, { recursive: true }));
  const checks = await examineIn({ NF_ESCROW_HOME: state, HOME: state });
  const memory = { state: 'warning', found: /tmpfs\): its content is lost on reboot/ };
  t.match(named(checks, 'state directory'), memory);
});

void t.test('reports a full file system as a failure', async (t) => {
  const box = soundSandbox(t);
  const mounted = (options: string): { status: number | null; checks: DoctorReport['checks'] } => {
    const script = `mount -t tmpfs -o mode=0700,${options} none "$NF_ESCROW_HOME" && exec "$@"`;
    const command = ['sh', '-c', script, 'sh', process.execPath, join(root, 'dist/daemon/main.js'), 'doctor'];
    const { status, stdout } = spawnSync('unshare', ['-Urm', ...command, '--json'], {
      env: box.env,
      encoding: 'utf8',
    });
    return { status, checks: (JSON.parse(stdout) as DoctorReport).checks };
  };
  if (spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', box.launch]).status !== 0)
    return t.pass('skipped', { skip: 'cannot mount file systems here' });
  mkdirSync(box.state);
  const full = mounted('size=512k');
  t.equal(full.status, 1);
  t.match(named(full.checks, 'free space'), { state: 'failure', found: /^0\.5 MB/ });
  t.match(named(mounted('size=500m,nr_inodes=500').checks, 'free space'), { state: 'warning' });
});

void t.test('stops waiting for a daemon that does not answer', async (t) => {
  const box = new Sandbox(t);
  mkdirSync(dirname(box.socket), { recursive: true, mode: 0o700 });
  const server = createServer();
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(box.socket, resolve));
  const subject = subjectIn(box.directory, { env: box.env });
  await t.rejects(checkSocket(subject.paths, subject), { code: 'daemon-unavailable' });
});

void t.test('does not touch a state directory whose file system hangs', async (t) => {
  const subject = subjectIn(t.testdir(), { limitMs: 300, answers: async (path) => path !== paths.state });
  const { paths } = subject;
  const groups = groupsFor(subject).filter(({ name }) => ['nextflow', 'plugin'].includes(name));
  const found = new RegExp(`${paths.state}: its file system did not respond`);
  t.match(await runChecks(subject, groups), [
    { name: 'nextflow', state: 'failure', found },
    { name: 'plugin', state: 'failure', found },
  ]);
});

void t.test('reports a check that throws or whose file system hangs as a failure', async (t) => {
  const groups = [
    {
      name: 'thrower',
      look: () => {
        throw new EscrowError('internal', 'broken', { hint: 'repair it' });
      },
    },
    { name: 'other', look: () => Promise.reject(new Error('EIO: bad disk')) },
    { name: 'hung', look: () => t.fail('looked at') as never, touches: ['/hung'] },
    { name: 'well', look: () => [], touches: ['/well'] },
  ];
  const subject = subjectIn(t.testdir(), { answers: async (path) => path !== '/hung', limitMs: 300 });
  t.match(await runChecks(subject, groups), [
    { name: 'thrower', state: 'failure', found: 'broken', remedy: 'repair it' },
    { name: 'other', state: 'failure', found: 'EIO: bad disk', remedy: /doctor again/ },
    { name: 'hung', state: 'failure', found: /\/hung: its file system did not respond within 0.3 s/ },
  ]);
  const bin = t.testdir({});
  program(join(bin, 'stat'), '#!/bin/sh\nexec sleep 987654\n');
  t.equal(await answers('/', { PATH: `${bin}:/usr/bin:/bin` }, 200), false);
  t.equal(await answers('/', { PATH: '/usr/bin:/bin' }, 60_000), true);
  t.equal(await answers('/none', { PATH: '/usr/bin:/bin' }, 60_000), true);
  t.equal(await answers('/', { PATH: '/none' }, 60_000), true, 'without `stat`');
});

void t.test('uses the umask of the process', async (t) => {
  const before = process.umask(0o002);
  try {
    t.equal((await createDoctorContext({ NF_ESCROW_HOME: '/none' }, '0.1.0')).umask, 0o002);
  } finally {
    process.umask(before);
  }
});

void t.test('reports variables that affect a launch, without their values', async (t) => {
  const look = (env: Environment): readonly DoctorCheck[] => checkEnvironment({ env });
  t.match(look({}), [{ state: 'ok' }]);
  t.match(look({ NXF_ENABLE_SECRETS: 'true' }), [{ state: 'ok' }]);
  t.match(look({ NXF_ENABLE_SECRETS: 'false' }), [{ state: 'failure', remedy: /unset/ }]);
  t.match(look({ NXF_ENABLE_SECRETS: '' }), [{ state: 'failure' }]);
  t.match(look({ NXF_SECRETS_FILE: '/a/b' }), [{ state: 'ok', found: /\/a\/b/ }]);
  t.match(look({ NXF_SECRETS_FILE: 'a/b' }), [{ state: 'warning' }]);
  const node = look({ NODE_OPTIONS: '--title=do-not-tell' });
  t.match(node, [{ state: 'ok', found: /nf-escrow ignores it/ }]);
  t.notOk(JSON.stringify(node).includes('do-not-tell'));
});
