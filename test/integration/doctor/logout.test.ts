import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { checkCpuTime } from '../../../daemon/doctor/checks/cpu-time.ts';
import { checkLogout } from '../../../daemon/doctor/checks/logout.ts';
import { checkScheduler } from '../../../daemon/doctor/checks/scheduler.ts';
import { cpuLimitSeconds } from '../../../daemon/system/processes/cpu-limit.ts';
import { killsAtLogout } from '../../../daemon/system/processes/logind.ts';
import { processLimits } from '../../../daemon/system/processes/process-limits.ts';
import { userUnitPath } from '../../../daemon/system/user-unit.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { logindIn, only, program } from '../../support/doctor-context.ts';

const { username } = userInfo();

void t.test('reports whether processes survive logout', async (t) => {
  const directory = t.testdir();
  const logind = logindIn(directory);
  const env = { XDG_CONFIG_HOME: join(directory, 'config') };
  const look = (): ReturnType<typeof only> => only(checkLogout({ logind, env }));
  t.match(look(), { state: 'ok', found: /not booted by systemd/ });
  mkdirSync(logind.booted);
  mkdirSync(logind.linger);
  t.match(look(), { state: 'ok', found: /survive logout/ });
  writeFileSync(logind.configuration.file, '[Login]\nKillUserProcesses=yes\nKillExcludeUsers=\n');
  t.match(look(), {
    state: 'warning',
    remedy: /enable-linger .*, then nf-escrow daemon install.*--head-job/,
  });
  writeFileSync(join(logind.linger, username), '');
  t.match(
    look(),
    { state: 'warning', remedy: /^Run nf-escrow daemon install/ },
    'lingering does not protect processes of a session',
  );
  mkdirSync(dirname(userUnitPath(env)), { recursive: true });
  writeFileSync(userUnitPath(env), '');
  t.match(look(), { state: 'ok', found: /survives logout/ });
  rmSync(join(logind.linger, username));
  t.match(look(), { state: 'warning', found: /lingering is off/, remedy: /^Run loginctl enable-linger/ });
});

void t.test('reads logind.conf like systemd', async (t) => {
  const directory = t.testdir({
    systemd: {},
    'logind.conf': '# KillUserProcesses=yes\n[Other]\nKillUserProcesses=yes\n[Login]\nKillUserProcesses=no\n',
    'usr.d': {
      '10-site.conf': '[Login]\nKillUserProcesses=yes\n',
      '20-x': '[Login]\nKillUserProcesses=no\n',
    },
    'etc.d': {},
  });
  const places = logindIn(directory);
  t.equal(killsAtLogout('ann', places), true, 'a drop-in overrides the file');
  t.equal(killsAtLogout('root', places), false, 'root is excluded by default');
  writeFileSync(join(directory, 'etc.d/10-site.conf'), '[Login]\nKillUserProcesses = no\n');
  t.equal(killsAtLogout('ann', places), false, 'a drop-in in /etc replaces one with the same name');
  writeFileSync(
    join(directory, 'etc.d/90.conf'),
    '[Login]\nKillUserProcesses=on\nKillExcludeUsers=ann bob\n',
  );
  t.equal(killsAtLogout('ann', places), false);
  t.equal(killsAtLogout('root', places), true, 'root is not excluded if others are');
  writeFileSync(join(directory, 'etc.d/91.conf'), '[Login]\nKillOnlyUsers=cid\n');
  t.same(
    ['ann', 'cid', 'dan'].map((user) => killsAtLogout(user, places)),
    [false, true, false],
  );
});

void t.test('reports a CPU time limit in doctor and at launch', async (t) => {
  const text = (soft: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              ${soft.padEnd(21)}unlimited            seconds   \n`;
  t.equal(cpuLimitSeconds(text('unlimited')), undefined);
  t.equal(cpuLimitSeconds(text('3600')), 3600);
  t.match(checkCpuTime({ cpuSeconds: 3600 }), [{ state: 'warning', found: /3600 s/, remedy: /--head-job/ }]);
  t.match(checkCpuTime({ cpuSeconds: undefined }), [{ state: 'ok' }]);
  const places = logindIn(
    t.testdir({ systemd: {}, 'logind.conf': '[Login]\nKillUserProcesses=1\nKillExcludeUsers=\n' }),
  );
  t.equal(processLimits({ atLogout: true }, places, 60).length, 2);
  t.equal(
    processLimits({ atLogout: false }, places, undefined).length,
    0,
    'a run in the foreground does not outlive the session',
  );

  const box = new Sandbox(t);
  await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: 'x1' });
  const limited = [
    '-c',
    'ulimit -t 900; exec "$@"',
    'sh',
    process.execPath,
    new URL('../../../daemon/main.js', import.meta.url).pathname,
  ];
  const run = (extra: Record<string, string>) =>
    box.startProgram('/bin/sh', [...limited, 'run', 'exit 3'], { env: extra }).ended;
  const warned = await run({});
  t.equal(warned.status, 3);
  t.match(warned.stderr, /ends processes after 900 s of processor time.*--head-job/);
  const inJob = await run({ SLURM_JOB_ID: '12' });
  t.notMatch(inJob.stderr, /processor time/, 'no warning inside a job');
  t.notMatch((await box.escrow(['run', 'exit 0'])).stderr, /processor time/);
});

void t.test('an unresponsive scheduler is a failure if it is named, else a warning', async (t) => {
  const bin = t.testdir();
  const env = { PATH: bin };
  const schedulerOf = (): never => {
    throw new Error('unused');
  };
  t.match(await checkScheduler({ env, schedulerOf }), [{ state: 'ok', found: /no scheduler commands/ }]);
  program(join(bin, 'sbatch'), '#!/bin/sh\nexit 1\n');
  const down = { kind: 'slurm', find: async () => Promise.reject(new Error('no controller')) } as never;
  t.match(await checkScheduler({ env, schedulerOf: () => down }), [
    { state: 'warning', found: /no controller/ },
  ]);
  t.match(await checkScheduler({ env, schedulerOf: () => down }, 'slurm'), [{ state: 'failure' }]);
  const up = { kind: 'slurm', find: async () => [] } as never;
  t.match(await checkScheduler({ env, schedulerOf: () => up }), [{ state: 'ok', found: 'slurm responds' }]);
});
