// XDG_RUNTIME_DIR as cluster logins, su and sudo leave it: where it is unusable, the socket is in the state directory.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import type { Account } from '../../../support/accounts.ts';
import {
  openDirectory,
  ownedDirectory,
  rootAccount,
  withUsers,
} from '../../../support/environments/user-session.ts';

t.setTimeout(900_000); // each case starts and stops a daemon

const SECRETS = 'printf value-of-a-test | nf-escrow secrets set FOO_KEY';

/** A state of XDG_RUNTIME_DIR. Returns its value. */
interface Case {
  readonly title: string;
  readonly make: (base: string, own: Account, other: Account) => string;
  /** Whether the socket may be there. */
  readonly isUsed?: boolean;
}

const cases: readonly Case[] = [
  {
    title: "the user's own directory",
    make: (base, own) => ownedDirectory(join(base, 'own'), own, 0o700),
    isUsed: true,
  },
  { title: 'a missing one', make: (base) => join(base, 'missing') },
  { title: 'a missing one in a missing directory', make: (base) => join(base, 'missing/too') },
  { title: "another user's", make: (base, _, other) => ownedDirectory(join(base, 'theirs'), other, 0o700) },
  {
    title: "another user's, open",
    make: (base, _, other) => ownedDirectory(join(base, 'open'), other, 0o777),
  },
  { title: "root's", make: (base) => ownedDirectory(join(base, 'of-root'), rootAccount, 0o755) },
  { title: "root's, like /tmp", make: (base) => ownedDirectory(join(base, 'like-tmp'), rootAccount, 0o1777) },
  {
    title: "the user's own directory, open",
    make: (base, own) => ownedDirectory(join(base, 'own-open'), own, 0o777),
  },
  {
    title: "the user's own directory, not writable",
    make: (base, own) => ownedDirectory(join(base, 'own-closed'), own, 0o500),
  },
  {
    title: "the user's own directory, which contains a directory of root",
    make: (base, own) => {
      const path = ownedDirectory(join(base, 'own-with-root'), own, 0o700);
      mkdirSync(join(path, 'nf-escrow'), { mode: 0o700 });
      return path;
    },
  },
  {
    title: 'a file',
    make: (base, own) => {
      writeFileSync(join(base, 'file'), '');
      spawnSync('chown', [String(own.uid), join(base, 'file')]);
      return join(base, 'file');
    },
  },
  {
    title: 'one with a path too long for a socket',
    make: (base, own) => ownedDirectory(join(base, 'x'.repeat(100)), own, 0o700),
  },
  { title: 'a relative one', make: () => 'run' },
];

void t.test(
  'commands work with each XDG_RUNTIME_DIR and create nothing in one that is not theirs',
  async (t) => {
    const users = withUsers(t);
    if (users === undefined) return;
    const { session, own, other } = users;
    session.expect(t, 'set', session.run(SECRETS), { status: 0 });
    session.stop();
    for (const { title, make, isUsed = false } of cases)
      await t.test(title, async (t) => {
        const base = openDirectory(t);
        const runtime = make(base, own, other);
        const before = listed(runtime);
        const env = { XDG_RUNTIME_DIR: runtime };
        // The last command starts from another environment, as a cron job does: it finds the same daemon.
        const end = session.run(
          'nf-escrow run "echo \\"got:$FOO_KEY\\""; env -u XDG_RUNTIME_DIR nf-escrow status',
          env,
        );
        session.expect(t, title, end, { status: 0, stdout: /No live runs/ });
        t.notMatch(end.stderr, /Cannot|not used/, 'without a message');
        t.same(
          listed(runtime).filter((name) => !before.includes(name)),
          isUsed ? ['nf-escrow'] : [],
        );
        session.expect(t, title, session.run('nf-escrow daemon stop', env), { status: 0, stdout: /Stopped/ });
        await session.expectUsable(t, title);
      });
  },
);

function listed(path: string): string[] {
  const found = path.startsWith('/') ? statSync(path, { throwIfNoEntry: false }) : undefined;
  return found?.isDirectory() === true ? readdirSync(path) : [];
}
