// su and sudo -E keep HOME and XDG variables of the first user. nf-escrow works for the second user, and creates nothing in a
// directory of the first.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  openDirectory,
  ownedDirectory,
  rootAccount,
  withUsers,
} from '../../../support/environments/user-session.ts';

/** How one user becomes another, and keeps variables of the first. The script becomes `$SCRIPT`. */
const changes: readonly { readonly title: string; readonly script: string; readonly isRoot: boolean }[] = [
  { title: 'su', script: 'su $USER_NAME -s /bin/bash -c "$SCRIPT"', isRoot: false },
  {
    title: 'su -',
    script:
      'su - $USER_NAME -w SCRIPT,XDG_RUNTIME_DIR,NXF_PLUGINS_DEFAULT -s /bin/bash -c "PATH=$PATH; $SCRIPT"',
    isRoot: false,
  },
  { title: 'su -m', script: 'su -m $USER_NAME -s /bin/bash -c "$SCRIPT"', isRoot: false },
  {
    title: 'sudo -E',
    script: 'sudo -E -u $USER_NAME env PATH="$PATH" HOME="$HOME" bash -c "$SCRIPT"',
    isRoot: false,
  },
  {
    title: 'sudo -E from a user to root',
    script: 'HOME=$USER_HOME sudo -E env PATH="$PATH" HOME="$USER_HOME" bash -c "$SCRIPT"',
    isRoot: true,
  },
];

void t.test('commands work after su and sudo -E', async (t) => {
  const users = withUsers(t);
  if (users === undefined) return;
  const { session, own, other } = users;
  const base = openDirectory(t);
  const runtime = ownedDirectory(join(base, 'first'), other, 0o700);
  for (const { title, script, isRoot } of changes)
    await t.test(title, async (t) => {
      if (title.startsWith('sudo') && spawnSync('sudo', ['-V']).status !== 0)
        return t.pass('skipped', { skip: 'sudo is not installed' });
      // Root's own files must not be touched by a test.
      const state = ownedDirectory(
        join(base, title.replaceAll(/\W/g, '-')),
        isRoot ? rootAccount : own,
        0o700,
      );
      const env = {
        XDG_RUNTIME_DIR: isRoot ? ownedDirectory(join(base, 'of-user'), own, 0o700) : runtime,
        USER_HOME: own.home,
        ...(isRoot ? { XDG_STATE_HOME: state, XDG_CONFIG_HOME: state } : {}),
        NF_ESCROW_IDLE_SECONDS: '60',
        SCRIPT: 'cd /; nf-escrow run "id -un" && nf-escrow status && nf-escrow daemon stop',
      };
      const end = session.runAsRoot(script, env);
      session.expect(t, title, end, { status: 0, stdout: /No live runs.*\n.*Stopped the daemon/ });
      t.match(end.stdout, isRoot ? /^root$/m : new RegExp(`^${own.name}$`, 'm'));
      t.same(readdirSync(runtime), [], 'nothing is created in the directory of the first user');
      const ours = spawnSync('find', [own.home, '-user', 'root'], { encoding: 'utf8' }).stdout;
      t.equal(ours, '', "root creates nothing in the user's home");
      if (isRoot) rmSync(state, { recursive: true, force: true });
    });
  await session.expectUsable(t, 'all of them');
});

void t.test("HOME of another user is not used, and the user's own is named", async (t) => {
  const users = withUsers(t);
  if (users === undefined) return;
  const { session, own, other } = users;
  for (const variable of ['HOME', 'XDG_STATE_HOME', 'XDG_CONFIG_HOME']) {
    const end = session.run(`${variable}=${other.home} nf-escrow run "echo hi"`);
    session.expect(t, variable, end, { status: 0, stdout: /^hi$/m });
    t.match(end.stderr, `nf-escrow: ${variable} is not used, because "${other.home}" belongs to user`);
    t.match(end.stderr, own.home);
    session.stop();
  }
  t.same(
    readdirSync(other.home).filter((name) => name.includes('escrow')),
    [],
  );
  await session.expectUsable(t, 'another home');
});
