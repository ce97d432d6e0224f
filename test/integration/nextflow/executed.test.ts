import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { accounts, type Account } from '../../support/accounts.ts';
import { Examiner, type Asked } from '../../support/examiner.ts';
import { asAccount, must, sharedGroup } from '../../support/shared-group.ts';

/** Creates a directory that belongs to a user, and returns its path. */
function make(
  path: string,
  mode: number,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): string {
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  return path;
}

function write(
  path: string,
  mode: number,
  owner: { readonly uid: number; readonly gid: number },
  text = '',
): string {
  writeFileSync(path, text);
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, mode);
  return path;
}

/** Runs the command in a remedy, without the alternative after the comma. */
function follow(t: Test, account: Account, remedy: string): void {
  const command = /^Run (.+?), or/.exec(remedy.replace(/ first, or/, ', or'))?.[1] ?? '';
  t.match(
    command,
    /^(?:chmod (?:-R )?go-w|setfacl -k|mkdir -m 700) [/']/,
    "changes only modes of the user's own file",
  );
  t.equal(asAccount(account, ['sh', '-c', command]).status, 0, command);
}

void t.test('reports nothing for an ordinary home of a user with a private group', async (t) => {
  const [user] = accounts(t, 1) ?? [];
  if (user === undefined) return;
  const examiner = new Examiner(t, user);
  const launch = make(join(user.home, 'project'), 0o775, user);
  make(join(launch, 'work'), 0o2775, user);
  make(join(launch, 'work/ab'), 0o775, user);
  make(join(launch, '.nextflow'), 0o775, user);
  make(join(user.home, '.nextflow'), 0o775, user);
  write(join(launch, 'main.nf'), 0o664, user);
  write(join(launch, 'nextflow.config'), 0o664, user);
  for (const mode of [0o700, 0o750, 0o755, 0o775])
    for (const umask of ['022', '002', '077']) {
      chmodSync(user.home, mode);
      const found = await examiner.ask({ directory: launch, umask, arguments: ['run', 'main.nf'] });
      t.same(found, [], `home ${mode.toString(8)}, umask ${umask}`);
    }
});

void t.test(
  'reports files that a run executes and other users can change, with those users and a remedy',
  async (t) => {
    const shared = sharedGroup(t);
    if (shared === undefined) return;
    const { victim, attacker, gid, group } = shared;
    const examiner = new Examiner(t, victim);
    const examine = async (asked: Parameters<Examiner['ask']>[0]) => examiner.ask(asked);
    const members = `members of group ${String(gid)} (${group})`;
    const at = (...names: string[]): string => join(victim.home, ...names);
    const launch = make(at('project'), 0o755, victim);
    const theirs = { uid: victim.uid, gid };
    t.same(await examine({ directory: launch }), [], 'reports nothing before any change');

    await t.test('reports a shared launch directory and umask 002 once each', async (t) => {
      const lab = make(`/tmp/nfe-lab-${group}`, 0o2775, victim);
      t.teardown(() => rmSync(lab, { recursive: true, force: true }));
      chownSync(lab, victim.uid, gid);
      chmodSync(lab, 0o2775);
      const inLab = { directory: lab, umask: '002', arguments: ['run', 'main.nf'] };
      write(join(lab, 'main.nf'), 0o664, theirs);
      make(join(lab, 'work'), 0o2775, theirs);
      make(join(lab, 'work/ab'), 0o2775, theirs);
      const found = await examine(inLab);
      t.match(found, [
        { path: lab, who: members, why: `can be changed by others: ${members} can write to it` },
        { path: join(lab, 'work'), who: members, why: /umask 0002/, remedy: 'Run `umask 022` first.' },
      ]);
      t.equal(found.length, 2);
      for (const use of ['launch directory', 'work directory', '.nextflow directory', 'pipeline'])
        t.ok(found[0]?.uses.includes(use), use);
      follow(t, victim, found[0]?.remedy ?? '');
      // Files that earlier runs created with this umask are reported next.
      const left = await examine({ ...inLab, umask: '022' });
      t.match(
        left.map(({ uses }) => uses),
        [['work directory'], ['pipeline']],
      );
      for (const { remedy } of left) follow(t, victim, remedy);
      t.same(await examine({ ...inLab, umask: '022' }), []);
    });

    await t.test('reports a umask only if other users can reach the new files', async (t) => {
      const [found, ...more] = await examine({ directory: launch, umask: '002' });
      t.same(more, []);
      t.match(found, { path: join(launch, 'work'), who: members, remedy: 'Run `umask 022` first.' });
      t.same(found?.uses, ['work directory', '.nextflow directory', 'NXF_HOME']);
      t.match(await examine({ directory: launch, umask: '000' }), [{ who: 'every user of this machine' }]);
      chmodSync(victim.home, 0o700);
      t.same(await examine({ directory: launch, umask: '002' }), [], 'no other user can enter the home');
      chmodSync(victim.home, 0o755);
      const closed = make(at('closed'), 0o700, victim);
      t.match(
        await examine({
          directory: launch,
          umask: '002',
          arguments: ['run', '-w', join(closed, 'w'), 'org/p'],
        }),
        [{ path: join(launch, '.nextflow') }],
        'no other user can enter the work directory',
      );
    });

    await t.test('reports access control lists, including inherited ones', async (t) => {
      if (spawnSync('setfacl', ['--version']).status !== 0) {
        t.pass('skipped', { skip: 'setfacl is missing' });
        return;
      }
      const work = make(at('listed'), 0o755, victim);
      const args = ['run', '-work-dir', work, 'org/pipeline'];
      must('setfacl', ['-m', `u:${String(attacker.uid)}:rwx`, work]);
      const [found] = await examine({ directory: launch, arguments: args });
      t.match(found, { uses: ['work directory'], path: work });
      t.match(found?.who, `user ${String(attacker.uid)} (${attacker.name})`);
      follow(t, victim, found?.remedy ?? '');
      t.same(await examine({ directory: launch, arguments: args }), []);
      must('setfacl', ['-d', '-m', `u:${String(attacker.uid)}:rwx`, work]);
      const [inherited] = await examine({ directory: launch, arguments: args, umask: '077' });
      t.match(inherited, { uses: ['work directory'], path: work, why: /its access control list lets user/ });
      follow(t, victim, inherited?.remedy ?? '');
      t.same(await examine({ directory: launch, arguments: args }), []);
      must('setfacl', ['-d', '-m', `u:${String(attacker.uid)}:r-x`, work]);
      t.same(await examine({ directory: launch, arguments: args }), [], 'a read-only entry');
    });

    await t.test('reports each kind of executed file', async (t) => {
      const home = at('nxf');
      const place = (path: string, mode: number): string => make(join(home, path), mode, victim);
      for (const path of ['.', 'assets/org/pipeline/bin', 'framework', 'plugins/nf-x-1.0.0', 'tmp/launcher'])
        place(path, 0o755);
      for (const path of ['assets', 'assets/org', 'assets/org/pipeline', 'plugins', 'tmp'])
        place(path, 0o755);
      const java = make(at('jdk'), 0o755, victim);
      for (const path of ['bin', 'lib', 'lib/server']) make(join(java, path), 0o755, victim);
      const file = (path: string): string => write(path, 0o755, theirs, '#!/bin/sh\n');
      const own = make(at('dist'), 0o755, victim);
      make(join(own, 'jars'), 0o755, victim);
      const pipeline = make(at('pipeline'), 0o755, victim);
      make(join(pipeline, 'bin'), 0o755, victim);
      for (const path of ['.nextflow', 'work']) make(join(launch, path), 0o755, victim);
      const env = { NXF_HOME: home, NXF_JAVA_HOME: java };
      const options = { directory: launch, env, nextflow: file(join(own, 'nextflow')) };
      const cases: readonly [string, string, Partial<Asked>?][] = [
        ['work directory', make(join(launch, 'work/0f'), 0o755, victim)],
        ['.nextflow directory', make(join(launch, '.nextflow/plr'), 0o755, victim)],
        ['configuration file', file(join(launch, 'nextflow.config'))],
        ['configuration file', file(join(home, 'config'))],
        [
          'configuration file',
          file(at('c.config')),
          { arguments: ['run', 'org/pipeline', '-c', at('c.config')] },
        ],
        [
          'configuration file',
          file(at('C.config')),
          { arguments: ['-C', at('C.config'), 'run', 'org/pipeline'] },
        ],
        ['pipeline', file(join(pipeline, 'main.nf')), { arguments: ['run', pipeline] }],
        ['pipeline', file(join(pipeline, 'bin/tool')), { arguments: ['run', join(pipeline, 'main.nf')] }],
        [
          'library',
          make(at('library'), 0o755, victim),
          { arguments: ['run', '-lib', at('library'), 'org/pipeline'] },
        ],
        ['NXF_HOME', home],
        ['downloaded pipelines', join(home, 'assets')],
        ['downloaded pipelines', join(home, 'assets/org')],
        ['downloaded pipelines', file(join(home, 'assets/org/pipeline/main.nf'))],
        ['downloaded pipelines', file(join(home, 'assets/org/pipeline/bin/tool'))],
        ['Nextflow', file(join(home, 'framework/nextflow-24.10.0-one.jar'))],
        ['Nextflow', file(join(home, 'tmp/launcher/classpath'))],
        ['plugins', join(home, 'plugins')],
        ['plugins', join(home, 'plugins/nf-x-1.0.0')],
        ['nextflow', join(own, 'nextflow')],
        ['nextflow', file(join(own, 'jars/nextflow-24.10.0.jar'))],
        ['Java', file(join(java, 'bin/java'))],
        ['Java', file(join(java, 'lib/modules'))],
        ['Java', file(join(java, 'lib/server/libjvm.so'))],
      ];
      rmSync(join(own, 'jars/nextflow-24.10.0.jar'));
      for (const [use, path, more] of cases) {
        const asked = { ...options, ...more };
        if (path.startsWith(join(own, 'jars'))) file(path);
        t.same(await examine(asked), [], `${use} ${path}: in order`);
        must('chmod', ['g+w', path]);
        const [found, ...others] = await examine(asked);
        t.match(found, { path, who: members }, `${use} ${path}`);
        t.ok(found?.uses.includes(use), `${path} is ${found?.uses.join(', ') ?? 'nothing'}`);
        t.same(others, [], 'and nothing else');
        follow(t, victim, found?.remedy ?? '');
        t.same(await examine(asked), [], `${use} ${path}: the remedy helps`);
      }
    });

    await t.test('the work directory that the configuration, a variable or an option names', async (t) => {
      const work = make(at('open-work'), 0o775, victim);
      const other = make(at('other-work'), 0o755, victim);
      const config = join(launch, 'nextflow.config');
      const found = async (options: Partial<Asked>): Promise<string[]> =>
        (await examine({ directory: launch, ...options })).map(({ path }) => path);
      for (const text of [
        `workDir = '${work}'\n`,
        `workDir="$HOME/open-work" // scratch\n`,
        'workDir = "${launchDir}/../open-work"\n',
      ]) {
        write(config, 0o644, theirs, `// of the lab\n${text}process.cpus = 1\n`);
        t.same(await found({}), [work], text);
        t.same(
          await found({ arguments: ['run', '-w', other, 'org/pipeline'] }),
          [],
          'the option overrides it',
        );
      }
      write(config, 0o644, theirs, `// workDir = '${work}'\nprofiles { x { workDir = '${work}' } }\n`);
      t.same(await found({}), [], 'ignores comments and profiles');
      t.same(await found({ env: { NXF_WORK: work } }), [work]);
      write(config, 0o644, theirs, 'workDir = "${params.out}/x"\n');
      t.same(await found({ env: { NXF_WORK: work } }), [], 'does not guess what only Nextflow can evaluate');
      rmSync(config);
      t.same(
        await found({ arguments: ['run', '-w', 's3://bucket/work', 'org/p'], env: { NXF_WORK: work } }),
        [],
      );
    });

    await t.test('reports missing directories and links', async (t) => {
      const missing = `/tmp/nfe-missing-${group}`;
      const args = ['run', '-w', missing, 'org/pipeline'];
      t.teardown(() => rmSync(missing, { recursive: true, force: true }));
      const [found] = await examine({ directory: launch, arguments: args });
      t.match(found, {
        path: '/tmp',
        who: 'every user of this machine',
        why: /can create "\/tmp\/nfe-missing/,
      });
      follow(t, victim, found?.remedy ?? '');
      t.same(await examine({ directory: launch, arguments: args }), []);
      rmSync(missing, { recursive: true });
      symlinkSync(launch, missing);
      lchownSync(missing, attacker.uid, gid);
      const [linked] = await examine({ directory: launch, arguments: args });
      t.match(linked, {
        uses: ['work directory'],
        path: missing,
        remedy: /^Set -work-dir to a directory of your own/,
      });
      t.match(linked?.who, `user ${String(attacker.uid)}`);
    });

    await t.test('never suggests changing a directory of another user or the system', async (t) => {
      const lab = make(`/tmp/nfe-theirs-${group}`, 0o2777, attacker);
      t.teardown(() => rmSync(lab, { recursive: true, force: true }));
      for (const owner of [0, attacker.uid]) {
        chownSync(lab, owner, gid);
        chmodSync(lab, 0o2777);
        const directory = make(join(lab, 'of-victim'), 0o755, victim);
        for (const { path, remedy } of await examine({ directory })) {
          t.equal(path, lab);
          t.notMatch(remedy, /chmod|chown|setfacl/);
          t.match(remedy, /^Launch in a directory of your own/);
        }
      }
    });

    await t.test('accepts unusual paths', async (t) => {
      write(at('file'), 0o644, theirs);
      for (const odd of [
        '',
        `${'x/'.repeat(20_000)}y`,
        join(at('file'), 'below'),
        '\n\u001b[2J',
        '/proc/1/root/x',
      ])
        t.same(
          await examine({ directory: launch, arguments: ['run', '-w', odd, '-c', odd, odd] }),
          [],
          odd.slice(0, 20),
        );
    });
  },
);
