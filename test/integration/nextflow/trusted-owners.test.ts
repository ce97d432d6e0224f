// Software that an install account owns, as on most clusters, with and without the setting trustedOwners.
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { DoctorReport, Plan } from '../../../daemon/contract/types.ts';
import { accounts, type Account } from '../../support/accounts.ts';
import { Examiner } from '../../support/examiner.ts';
import { root, startProgram } from '../../support/sandbox.ts';
import { asAccount, must } from '../../support/shared-group.ts';

interface Site {
  readonly user: Account;
  /** Installs software. */
  readonly installer: Account;
  /** The directory of the software. */
  readonly software: string;
  readonly nextflow: string;
  /** A launch directory of the user. */
  readonly launch: string;
}

/** Installs a nextflow and a pipeline that belong to an install account. */
function install(t: Test): Site | undefined {
  const [user, installer] = accounts(t, 2) ?? [];
  if (user === undefined || installer === undefined) return undefined;
  const software = `/tmp/nfe-sw-${installer.name}`;
  t.teardown(() => rmSync(software, { recursive: true, force: true }));
  mkdirSync(join(software, 'pipeline'), { recursive: true });
  mkdirSync(join(software, 'state'));
  cpSync(join(root, 'test/support/bin/nextflow'), join(software, 'nextflow'));
  must('chown', ['-R', `${installer.name}:${installer.name}`, software]);
  must('chmod', ['-R', 'go-w,a+rX', software]);
  const launch = join(user.home, 'project');
  mkdirSync(launch);
  chownSync(launch, user.uid, user.gid);
  return { user, installer, software, nextflow: join(software, 'nextflow'), launch };
}

void t.test('trusts an install account with what a run executes, only if the setting names it', async (t) => {
  const site = install(t);
  if (site === undefined) return;
  const { user, installer, software, nextflow, launch } = site;
  const uid = String(installer.uid);
  const examiner = new Examiner(t, user);
  const run = { directory: launch, nextflow, arguments: ['run', join(software, 'pipeline')] };

  const [place, ...more] = await examiner.ask(run);
  t.same(more, []);
  t.match(place, { path: software, who: `user ${uid} (${installer.name})` });
  t.same(place?.uses, ['pipeline', 'configuration file', 'nextflow']);
  const remedy = new RegExp(
    `not a person but the account that installs software on this machine, add ${uid} to the setting trustedOwners. Everyone who can use that account can then obtain the secrets of your runs\\.$`,
  );
  t.match(place?.remedy, remedy);
  for (const owners of [[uid], [installer.name], ['absent-account', installer.name]])
    t.same(await examiner.ask({ ...run, owners }), [], owners.join());
  for (const owners of [[user.name], ['absent-account'], ['nobody', '65534']])
    t.equal((await examiner.ask({ ...run, owners })).length, 1, owners.join());

  await t.test('accepts its own group, but no group with other members', async (t) => {
    chmodSync(software, 0o775);
    t.same(await examiner.ask({ ...run, owners: [uid] }), []);
    must('usermod', ['--append', '--groups', installer.name, user.name]);
    t.same(await examiner.ask({ ...run, owners: [uid] }), [], 'the user is a member');
    must('usermod', ['--append', '--groups', installer.name, 'daemon']);
    t.match(await examiner.ask({ ...run, owners: [uid] }), [{ path: software, who: /^members of group / }]);
    for (const name of ['daemon', user.name]) must('gpasswd', ['--delete', name, installer.name]);
    chmodSync(software, 0o777);
    t.match(await examiner.ask({ ...run, owners: [uid] }), [{ who: 'every user of this machine' }]);
    chmodSync(software, 0o755);
  });

  await t.test('accepts its write access in an access control list', async (t) => {
    const own = join(user.home, 'pipeline');
    mkdirSync(own);
    chownSync(own, user.uid, user.gid);
    chmodSync(user.home, 0o755);
    must('setfacl', ['-m', `u:${installer.name}:rwx`, own]);
    const shared = { directory: launch, arguments: ['run', own] };
    t.match(await examiner.ask(shared), [{ path: own }]);
    t.same(await examiner.ask({ ...shared, owners: [uid] }), []);
  });

  await t.test('never trusts it with plugins', async (t) => {
    const home = join(user.home, 'nextflow-home');
    mkdirSync(join(home, 'plugins'), { recursive: true });
    chownSync(home, user.uid, user.gid);
    chownSync(join(home, 'plugins'), installer.uid, installer.gid);
    const found = await examiner.ask({ ...run, env: { NXF_HOME: home }, owners: [uid] });
    t.match(found, [{ path: join(home, 'plugins'), uses: ['plugins'] }]);
    t.notMatch(found[0]?.remedy, /trustedOwners/);
  });

  await t.test('does not suggest to trust the owner of a launch directory', async (t) => {
    const [found] = await examiner.ask({ directory: software, arguments: ['run', 'x'] });
    t.match(found, { path: software, uses: ['launch directory'] });
    t.notMatch(found?.remedy, /trustedOwners/);
  });
});

void t.test(
  'doctor and the plan of a run apply the setting; state, runs and configuration do not',
  async (t) => {
    const site = install(t);
    if (site === undefined) return;
    const { user, installer, software, nextflow, launch } = site;
    const path = process.env['PATH'] ?? '';
    const escrow = (args: readonly string[], env: Record<string, string>, input = '') =>
      asAccount(
        user,
        ['sh', '-c', `cd '${launch}' && exec "$@"`, 'sh', process.execPath, startProgram, ...args],
        {
          input,
          env: { PATH: path, LANG: 'C.UTF-8', NF_ESCROW_NEXTFLOW: nextflow, ...env },
        },
      );
    const trusted = { NF_ESCROW_TRUSTED_OWNERS: installer.name };
    const placesOf = (env: Record<string, string>): string[] => {
      const { stdout } = escrow(['doctor', '--json'], env);
      const { checks } = JSON.parse(stdout) as DoctorReport;
      return checks.flatMap(({ name, found }) =>
        name === 'executed files' && found.includes(`"${software}"`) ? [found] : [],
      );
    };
    t.equal(placesOf({}).length, 1);
    t.same(placesOf(trusted), []);

    t.equal(escrow(['secrets', 'set', 'FOO_KEY'], {}, 'value').status, 0);
    t.teardown(() => escrow(['daemon', 'stop'], {}));
    const planned = (env: Record<string, string>): string[] => {
      const { stdout, stderr, status } = escrow(['run', '--explain', '--json', 'x'], env);
      t.equal(status, 0, stderr);
      return ((JSON.parse(stdout) as Plan).writableByOthers ?? []).map((place) => place.path);
    };
    t.same(planned({}), [software]);
    t.same(planned(trusted), []);
    t.equal(escrow(['config', 'set', 'trustedOwners', installer.name], {}).status, 0);
    t.match(
      escrow(['config', 'list'], {}).stdout,
      new RegExp(`^trustedOwners\t${installer.name}\tconfig.yaml$`, 'm'),
    );
    t.same(planned({}), []);

    const state = join(software, 'state');
    chownSync(state, user.uid, user.gid);
    for (const env of [
      { NF_ESCROW_HOME: state },
      { NF_ESCROW_HOME: join(user.home, 'h'), NF_ESCROW_RUNS_DIR: state },
    ]) {
      const { status, stderr } = escrow(['run', 'x'], { ...env, ...trusted });
      t.equal(status, 77, stderr);
      t.match(stderr, new RegExp(`"${software}" belongs to user ${String(installer.uid)}`));
      escrow(['daemon', 'stop'], { ...env, ...trusted });
    }
    t.same(readdirSync(state), [], 'nothing is written');
    t.equal(statSync(software).uid, installer.uid);
  },
);
