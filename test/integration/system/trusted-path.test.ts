import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  asAccount,
  must,
  probe,
  sharedGroup,
  type Outcome,
  type Wanted,
} from '../../support/shared-group.ts';

type Refusal = Extract<Outcome, { code: string }>;

void t.test('trusts a path only if all its ancestors are trusted', async (t) => {
  const shared = sharedGroup(t);
  if (shared === undefined) return;
  if (spawnSync('setfacl', ['--version']).status !== 0) {
    t.pass('skipped', { skip: 'setfacl is not installed' });
    return;
  }
  const { victim, attacker, group, gid } = shared;
  const privateGroup = `${group}p`;
  must('groupadd', [privateGroup]);
  t.teardown(() => spawnSync('groupdel', ['-f', privateGroup]));
  const privateGid = Number(must('getent', ['group', privateGroup]).split(':')[2]);
  const at = (...names: string[]): string => join(victim.home, ...names);

  /** Creates a directory in the victim's home, which may belong to another user, and returns its path. */
  const make = (name: string, mode: number, owner = victim.uid, its = gid): string => {
    mkdirSync(at(name), { recursive: true });
    chownSync(at(name), owner, its);
    chmodSync(at(name), mode);
    return at(name);
  };
  const refusalOf = (wanted: Wanted, options?: Parameters<typeof probe>[2]): Refusal => {
    const [outcome] = probe(victim, [wanted], options);
    if (outcome?.code === undefined) throw new Error(`${wanted.path} was opened: ${JSON.stringify(outcome)}`);
    return outcome;
  };

  await t.test('creates ancestors with mode 0700 regardless of umask and default ACLs', async (t) => {
    make('setgid', 0o2755);
    make('listed', 0o755);
    const list = spawnSync('setfacl', [
      '-d',
      '-m',
      `u:${String(attacker.uid)}:rwx,g::rwx,o::rwx`,
      at('listed'),
    ]);
    t.equal(list.status, 0, 'sets a default ACL');
    for (const umask of ['000', '002', '077', '277']) {
      const tops = ['.', 'setgid', 'listed'].map((place) => at(place, `umask-${umask}`));
      const wanted = tops.map((top) => ({ path: join(top, 'state/nf-escrow'), create: true }));
      const made = wanted.map(({ path }) => ({ found: path }));
      t.match(probe(victim, wanted, { umask }), made, umask);
      for (const path of tops.flatMap((top) => [top, join(top, 'state'), join(top, 'state/nf-escrow')]))
        t.equal(statSync(path).mode & 0o777, 0o700, path);
      const planted = tops.map((top) => join(top, 'planted'));
      const attack = `touch ${planted.join(' ')}; ls ${tops.join(' ')}`;
      t.equal(asAccount(attacker, ['sh', '-c', attack]).stdout, '', 'others cannot list it');
      for (const path of planted) t.notOk(existsSync(path), 'others cannot create files in it');
    }
  });

  await t.test('refuses an ancestor that others can change, and names it and the others', async (t) => {
    const cases: readonly [string, string, RegExp][] = [
      ['all', make('all', 0o757), /every user of this machine can write to it/],
      [
        'group',
        make('group', 0o775),
        new RegExp(`members of group ${String(gid)} \\(${group}\\) can write to it`),
      ],
      [
        'theirs',
        make('theirs', 0o755, attacker.uid),
        new RegExp(`belongs to user ${String(attacker.uid)} \\(`),
      ],
    ];
    for (const [name, path, why] of cases) {
      make(`${name}/between`, 0o700);
      make(`${name}/between/state`, 0o700);
      const { code, message, hint } = refusalOf({ path: join(path, 'between/state') });
      t.equal(code, 'permissions-too-open');
      t.match(message, why);
      t.ok(message.includes(`"${path}"`), `names the directory: ${message}`);
      t.notMatch(hint, /chown/);
      if (hint.startsWith('chmod ')) t.equal(asAccount(victim, ['sh', '-c', hint]).status, 0, hint);
      else t.match(hint, /^Set NF_ESCROW_HOME to .*, such as \/.*\/\.nf-escrow\.$/);
      const [after] = probe(victim, [{ path: join(path, 'between/state') }]);
      if (hint.startsWith('chmod ')) t.match(after, { found: path }, 'the hint fixes it');
    }
  });

  await t.test('suggests no changes to directories that other users share', async (t) => {
    const shared = `/tmp/nfe-shared-${String(process.pid)}`;
    mkdirSync(shared);
    t.teardown(() => spawnSync('rm', ['-rf', shared]));
    for (const owner of [0, attacker.uid, victim.uid]) {
      chownSync(shared, owner, gid);
      chmodSync(shared, 0o2777);
      const { hint } = refusalOf({ path: join(shared, 'state'), create: true });
      t.notMatch(hint, /chmod|chown|setfacl/, `owned by user ${String(owner)}`);
      t.match(hint, /^Set NF_ESCROW_HOME to a directory that others cannot change, such as \//);
    }
  });

  await t.test('accepts sticky directories and groups without other members', async (t) => {
    make('sticky', 0o1777);
    make('own-group', 0o775, victim.uid, privateGid);
    const wanted = ['sticky/state', 'own-group/state'].map((path) => ({ path: at(path), create: true }));
    for (const outcome of probe(victim, wanted)) t.equal(outcome.code, undefined, JSON.stringify(outcome));
    t.match(
      refusalOf({ path: at('sticky'), need: 'unwritable' }),
      { code: 'permissions-too-open' },
      'others can create files in a sticky directory',
    );
    must('usermod', ['-aG', privateGroup, attacker.name]);
    t.match(refusalOf({ path: at('own-group/state') }), { message: /members of group/ }, 'another member');
    must('gpasswd', ['-d', attacker.name, privateGroup]);
    t.match(probe(victim, [{ path: at('own-group/state') }]), [{ found: /state/ }]);
    must('usermod', ['--gid', privateGroup, attacker.name]);
    t.match(
      refusalOf({ path: at('own-group/state') }),
      { message: /members of group/ },
      'a member by primary group',
    );
    must('usermod', ['--gid', group, attacker.name]);
  });

  await t.test('accepts group-writable directories below one that nobody else can enter', async (t) => {
    make('closed', 0o700);
    make('closed/open', 0o775);
    make('closed/open/state', 0o700);
    t.match(probe(victim, [{ path: at('closed/open/state') }]), [{ found: /state/ }]);
    make('closed', 0o710);
    t.match(refusalOf({ path: at('closed/open/state') }), { message: /members of group/ });
    // The target of a link that points outside is not protected.
    make('closed', 0o700);
    make('group', 0o775);
    make('group/state', 0o700);
    symlinkSync(at('group'), at('closed/out'));
    t.match(refusalOf({ path: at('closed/out/state') }), { message: new RegExp(`"${at('group')}"`) });
  });

  await t.test('checks the directory of a link and its target', async (t) => {
    make('good', 0o755);
    make('good/state', 0o700);
    make('group', 0o775);
    make('sticky', 0o1777);
    make('deep', 0o755);
    make('deep/er', 0o755);
    const link = (target: string, path: string): string => {
      must('ln', ['-sfn', target, at(path)]);
      must('chown', ['-h', String(victim.uid), at(path)]);
      return at(path, 'state');
    };
    const refused = (path: string, why: RegExp): void => {
      t.match(refusalOf({ path }), { code: 'permissions-too-open', message: why }, path);
    };
    t.match(
      probe(victim, [{ path: link(at('good'), 'to-good') }]),
      [{ found: at('good/state') }],
      'absolute link',
    );
    t.match(probe(victim, [{ path: link('good', 'relative') }]), [{ found: at('good/state') }]);
    t.match(
      probe(victim, [{ path: link('deep/er/../../good', 'up') }]),
      [{ found: at('good/state') }],
      'link with parent directories',
    );
    refused(link(at('good'), 'group/link'), new RegExp(`"${at('group')}" can be changed`));
    refused(link(at('group'), 'to-group'), new RegExp(`"${at('group')}" can be changed`));
    refused(link('../group', 'good/to-group'), new RegExp(`"${at('group')}" can be changed`));
    t.match(probe(victim, [{ path: link(at('good'), 'sticky/own') }]), [{ found: at('good/state') }]);
    must('chown', ['-h', String(attacker.uid), at('sticky/own')]);
    refused(at('sticky/own/state'), /"[^"]*\/sticky\/own" is a link owned by user \d+ \(/);
    link('loop-b', 'loop-a');
    t.match(refusalOf({ path: link('loop-a', 'loop-b') }), { code: 'path-conflict' });
    const dangling = link('not-mounted/yet', 'dangling');
    t.match(probe(victim, [{ path: dangling }]), [{ found: 'absent' }]);
    t.match(refusalOf({ path: dangling, create: true }), {
      message: /is a link to a path that does not exist/,
    });
    t.match(
      refusalOf({ path: at('to-good') }),
      { code: 'path-conflict' },
      'a private directory itself must not be a link',
    );
  });

  await t.test('evaluates each entry of an access control list', async (t) => {
    const victimId = String(victim.uid);
    const attackerId = String(attacker.uid);
    const cases: readonly [string, string, RegExp | undefined][] = [
      [
        'another user',
        `u:${attackerId}:rwx`,
        new RegExp(`user ${attackerId} \\(.*\\), by an access control list, can`),
      ],
      ['the user', `u:${victimId}:rwx`, undefined],
      [
        'a shared group',
        `g:${String(gid)}:rwx`,
        /members of group \d+ \(.*\), by an access control list, can/,
      ],
      ['a private group', `g:${String(privateGid)}:rwx`, undefined],
      ['bounded by the mask', `u:${attackerId}:rwx,m::r-x`, undefined],
      ['only to read', `u:${attackerId}:r-x`, undefined],
    ];
    for (const [index, [entry, list, why]] of cases.entries()) {
      const name = `list-${String(index)}`;
      make(name, 0o755);
      make(`${name}/state`, 0o700);
      must('setfacl', ['-m', list, at(name)]);
      const [outcome] = probe(victim, [{ path: at(name, 'state') }]);
      if (why === undefined) t.match(outcome, { found: at(name, 'state') }, entry);
      else t.match(outcome, { code: 'permissions-too-open', message: why }, entry);
      const hint = outcome?.code === undefined ? 'true' : outcome.hint;
      t.equal(asAccount(victim, ['sh', '-c', hint]).status, 0, hint);
      t.match(
        probe(victim, [{ path: at(name, 'state') }]),
        [{ found: at(name, 'state') }],
        'the hint fixes it',
      );
      t.equal(
        asAccount(attacker, ['touch', at(name, 'planted')]).status === 0,
        false,
        `${entry}: others cannot create files`,
      );
    }
  });

  await t.test('supports a user namespace that shows root as nobody', async (t) => {
    const around = ['unshare', '--user', '--map-current-user'];
    if (asAccount(victim, [...around, 'true']).status !== 0) {
      t.pass('skipped', { skip: 'users may not create user namespaces' });
      return;
    }
    make('in-namespace', 0o700);
    t.match(probe(victim, [{ path: at('in-namespace') }], { around }), [{ found: at('in-namespace') }]);
    make('theirs', 0o755, attacker.uid);
    make('theirs/state', 0o700);
    t.match(refusalOf({ path: at('theirs/state') }, { around }), { message: /belongs to user 65534/ });
    make('own-group', 0o775, victim.uid, privateGid);
    make('own-group/state', 0o700);
    t.match(
      refusalOf({ path: at('own-group/state') }, { around }),
      { message: /members of group/ },
      'group members cannot be determined',
    );
    const unmapped = refusalOf({ path: at('theirs/state') }, { around: ['unshare', '--user'] });
    t.match(unmapped.message, /does not map your user id/, 'all files appear to belong to the user');
  });
});
