import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { replaceBlock } from '../../../daemon/service/crontab.ts';
import type { DaemonStatus } from '../../../daemon/contract/types.ts';
import { accounts, asUser } from '../../support/accounts.ts';
import { program } from '../../support/doctor-context.ts';
import { launcher, root, Sandbox, until, untapped } from '../../support/sandbox.ts';

const main = join(root, 'dist/daemon/main.js');
const statusOf = (box: Sandbox): Promise<Partial<DaemonStatus>> => box.json(['daemon', 'status']);

/** A sandbox with a fake crontab and without a systemd user manager. */
function withCrontab(t: Test): { box: Sandbox; table: string; read: () => string } {
  const box = new Sandbox(t);
  const bin = join(box.directory, 'bin');
  mkdirSync(bin);
  symlinkSync(join(root, 'test/support/bin/crontab'), join(bin, 'crontab'));
  program(join(bin, 'systemctl'), '#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n');
  const table = join(box.directory, 'the crontab');
  box.env['PATH'] = `${bin}:${box.env['PATH'] ?? ''}`;
  box.env['CRONTAB_FILE'] = table;
  box.env['NF_ESCROW_IDLE_SECONDS'] = '1';
  box.env['NF_ESCROW_NODE'] = process.execPath;
  box.command = [launcher]; // what is installed is what people start
  return { box, table, read: () => readFileSync(table, 'utf8') };
}

void t.test('installs with the crontab and keeps its other lines', async (t) => {
  const { box, table, read } = withCrontab(t);
  const theirs = '# mine\n\nMAILTO=me\n  5 4 * * sun  echo "100 \\% # nf-escrow"\n\n#end without newline';
  writeFileSync(table, theirs);
  const { status, stdout, stderr } = await box.escrow(['daemon', 'install']);
  t.equal(status, 0, stderr);
  t.match(stdout, /crontab .* after a reboot and checks it every hour/);
  t.ok(read().startsWith(`${theirs}\n`), read());
  t.match(read(), /^@reboot .* daemon start --stay/m);
  t.match(read(), /^\d+ \* \* \* \* .* daemon start --stay/m);
  t.equal((await statusOf(box)).persistent, true);
  const once = read();
  t.equal((await box.escrow(['daemon', 'install'])).status, 0);
  t.equal(read(), once, 'a second installation changes nothing');

  await t.test("the crontab line starts the daemon in cron's environment", async (t) => {
    const pid = await box.daemonPid();
    const line = /^@reboot (.*)$/m.exec(read())?.[1]?.replaceAll(String.raw`\%`, '%') ?? '';
    const cron = (): void => {
      execFileSync('/bin/sh', ['-c', line], {
        env: { HOME: '/', LOGNAME: 'x', PATH: '/usr/bin:/bin' },
        cwd: '/',
      });
    };
    cron();
    t.equal(await box.daemonPid(), pid, 'starts no second daemon');
    await box.escrow(['daemon', 'stop']);
    cron();
    const found = await statusOf(box);
    t.match(found, { running: true, persistent: true, stateDirectory: box.state });
    const environment = readFileSync(`/proc/${String(found.process?.pid)}/environ`, 'utf8');
    t.match(environment, `PATH=${box.env['PATH'] ?? ''}`);
    t.notMatch(environment, /NODE_OPTIONS/);
    t.match(environment, `NXF_HOME=${box.env['NXF_HOME'] ?? ''}\0`, 'for the runs that the daemon starts');
  });

  await t.test('daemon start --stay replaces a daemon that would exit when idle', async (t) => {
    await box.escrow(['daemon', 'stop']);
    await box.escrow(['daemon', 'start'], { env: { NF_ESCROW_IDLE_SECONDS: '600' } });
    t.equal((await statusOf(box)).persistent, false);
    await box.escrow(['daemon', 'start', '--stay']);
    t.equal((await statusOf(box)).persistent, true);
  });

  const removed = await box.escrow(['daemon', 'install', '--remove']);
  t.equal(removed.status, 0);
  t.equal(read(), `${theirs}\n`);
  t.notOk(existsSync(join(box.state, 'daemon-command')));
  t.match((await box.escrow(['daemon', 'install', '--remove'])).stdout, 'Nothing was installed.');
});

void t.test('changes nothing in a crontab that is denied, empty or has a broken block', async (t) => {
  const { box, table } = withCrontab(t);
  const denied = await box.escrow(['daemon', 'install'], { env: { CRONTAB_DENIED: 'yes' } });
  t.equal(denied.status, 78);
  t.match(denied.stderr, /neither a systemd user manager nor a crontab/);
  t.notOk(existsSync(table));
  await box.escrow(['daemon', 'install']);
  t.equal((await box.escrow(['daemon', 'install', '--remove'])).status, 0);
  t.notOk(existsSync(table), 'removes a crontab that becomes empty');

  const lines = ['@reboot x'];
  const with1 = replaceBlock('A=1\n', lines);
  t.equal(
    replaceBlock(`${with1}B=2\n`, ['@reboot y']),
    `${with1.replace('reboot x', 'reboot y')}B=2\n`,
    'in place',
  );
  t.equal(replaceBlock(`${with1}B=2\n`, []), 'A=1\nB=2\n');
  for (const broken of [with1.replace('# nf-escrow: end\n', ''), `# nf-escrow: end\n${with1}`])
    t.throws(() => replaceBlock(broken, lines), { code: 'config-invalid' });
});

void t.test('refuses to install inside a scheduler job', async (t) => {
  const { box, table } = withCrontab(t);
  const { status } = await box.escrow(['daemon', 'install'], { env: { SLURM_JOB_ID: '12' } });
  t.equal(status, 69);
  t.notOk(existsSync(table));
});

void t.test('installs with a real crontab of a second user', async (t) => {
  const [user] = accounts(t, 1) ?? [];
  if (user === undefined) return;
  if (spawnSync('crontab', ['-u', user.name, '-l']).error !== undefined)
    return t.pass('skipped', { skip: 'cron is not installed' });
  const run = (...command: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(...untapped(...asUser(user, command)), {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' },
      cwd: user.home,
    });
  const theirs = '# theirs\n1 2 3 4 *  true\n';
  const given = spawnSync('crontab', ['-u', user.name, '-'], { input: theirs, encoding: 'utf8' });
  t.equal(given.status, 0, given.stderr);
  const table = (): string => spawnSync('crontab', ['-u', user.name, '-l'], { encoding: 'utf8' }).stdout;
  for (let time = 0; time < 2; time += 1) {
    const { status, stderr } = run(process.execPath, main, 'daemon', 'install', '--cron');
    t.equal(status, 0, stderr);
    t.equal(table().match(/^@reboot /gm)?.length, 1);
    t.ok(table().startsWith(theirs));
  }
  t.equal(run(process.execPath, main, 'daemon', 'install', '--remove').status, 0);
  t.equal(table(), theirs);
  t.equal(run(process.execPath, main, 'daemon', 'stop').status, 0);
});

void t.test('installs with a real systemd user manager', async (t) => {
  if (process.geteuid?.() !== 0 || !existsSync('/lib/systemd/systemd'))
    return t.pass('skipped', { skip: 'needs root and an installed systemd' });
  const box = new Sandbox(t);
  box.env['NF_ESCROW_HOME'] = join(box.directory, 'a "home" of 100%');
  const runtime = join(box.directory, 'runtime');
  mkdirSync(runtime, { mode: 0o700 });
  const env = { XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: join(box.directory, 'config') };
  // A systemd user manager starts only if systemd is the init system. A mount namespace simulates that.
  const script =
    'mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec /lib/systemd/systemd --user';
  const systemd = box.startProgram(
    ...untapped('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script]),
    { env },
  );
  const systemctl = (...args: string[]): { status: number | null; stdout: string } =>
    spawnSync('systemctl', ['--user', ...args], { env: { ...process.env, ...env }, encoding: 'utf8' });
  const isUp = await until('systemd answers', () => {
    if (systemd.child.exitCode !== null) return 'no';
    return systemctl('show-environment').status === 0 ? 'yes' : undefined;
  });
  if (isUp === 'no') return t.pass('skipped', { skip: 'systemd does not start on this machine' });
  const mainPid = (): number =>
    Number(systemctl('show', 'nf-escrow.service', '--property=MainPID', '--value').stdout);
  const escrow = (...args: string[]): ReturnType<Sandbox['escrow']> => box.escrow(args, { env });
  const pidOf = async (): Promise<number | undefined> =>
    (JSON.parse((await escrow('daemon', 'status', '--json')).stdout) as DaemonStatus).process.pid;

  const { status, stdout, stderr } = await escrow('daemon', 'install');
  t.equal(status, 0, stderr);
  t.match(stdout, /Your systemd user manager runs the daemon/);
  t.match(stdout, /Lingering is off.*\n.*loginctl enable-linger/);
  t.equal(await pidOf(), mainPid(), "the unit's process answers");
  t.equal(systemctl('is-enabled', 'nf-escrow.service').stdout.trim(), 'enabled');
  const before = mainPid();
  t.equal((await escrow('daemon', 'install')).status, 0);
  t.not(mainPid(), before, 'a second installation restarts the daemon');

  process.kill(mainPid(), 'SIGKILL');
  await until(
    'systemd notices the exit',
    () => systemctl('is-active', 'nf-escrow.service').stdout !== 'active\n',
  );
  t.match(systemctl('show', 'nf-escrow.service', '--property=SubState').stdout, 'auto-restart');

  t.match((await escrow('daemon', 'install', '--remove')).stdout, /Removed the unit .*nf-escrow\.service/);
  t.notOk(existsSync(join(box.directory, 'config/systemd/user/nf-escrow.service')));
  t.not(systemctl('is-enabled', 'nf-escrow.service').status, 0);
  await escrow('daemon', 'stop');
  systemd.child.kill('SIGTERM');
  await systemd.ended;
  rmSync(runtime, { recursive: true, force: true });
});
