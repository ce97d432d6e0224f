// Homes, working directories and outputs that are missing, deleted, full or read-only.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accounts, asUser, pidsOf, type Account } from '../../../support/accounts.ts';
import {
  openDirectory,
  ownedDirectory,
  UserSession,
  type Expected,
} from '../../../support/environments/user-session.ts';
import { until } from '../../../support/sandbox.ts';

/** A refusal: one sentence and a remedy. */
const refused = (why: RegExp): Expected => ({ status: 78, stdout: /^$/, stderr: why });

const homes: readonly (readonly [title: string, script: string, expected: Expected])[] = [
  ['HOME is empty', 'HOME= nf-escrow run "echo hi"', { status: 0, stdout: /^hi$/m }],
  ['HOME is unset', 'env -u HOME nf-escrow run "echo hi"', { status: 0, stdout: /^hi$/m }],
  [
    'HOME is missing',
    'HOME=/nonexistent/home nf-escrow run "echo hi"',
    refused(/^nf-escrow: Cannot use "\/nonexistent": permission denied .*\n +Set NF_ESCROW_HOME/),
  ],
  [
    'HOME is relative',
    'HOME=here nf-escrow run "echo hi"',
    refused(/^nf-escrow: HOME is "here"\. It must be/),
  ],
  [
    'HOME is a file',
    'HOME=/etc/passwd nf-escrow run "echo hi"',
    { status: 0, stdout: /^hi$/m, stderr: /HOME is not used, because "\/etc\/passwd" belongs to .*root/ },
  ],
  ['TMPDIR is missing', 'TMPDIR=/nonexistent nf-escrow run "echo hi"', { status: 0, stdout: /^hi$/m }],
];

void t.test(
  'a home that is missing or empty is replaced or refused, and nothing is written elsewhere',
  async (t) => {
    const [own] = accounts(t, 1) ?? [];
    if (own === undefined) return;
    const session = new UserSession(t, own);
    for (const [title, script, expected] of homes) {
      session.expect(t, title, session.run(script), expected);
      session.stop();
    }
    await session.expectUsable(t, 'all of them');
  },
);

void t.test('a home that cannot be written to is refused with a remedy that works', async (t) => {
  const [own] = accounts(t, 1) ?? [];
  if (own === undefined) return;
  const session = new UserSession(t, own);
  const elsewhere = ownedDirectory(join(openDirectory(t), 'state'), own, 0o700);
  const mounted = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c'];
  const readOnly = `mount --bind ${own.home} ${own.home} && mount -o remount,bind,ro ${own.home}`;
  const asOwn = `setpriv --reuid ${String(own.uid)} --regid ${String(own.gid)} --clear-groups env HOME=${own.home}`;
  const inReadOnly = (env: string): ReturnType<typeof spawnSync> =>
    spawnSync(
      mounted[0] ?? '',
      [...mounted.slice(1), `${readOnly} && ${asOwn} ${env} nf-escrow run "echo hi"`],
      {
        encoding: 'utf8',
        cwd: '/',
        timeout: 60_000,
        env: {
          PATH: `${session.bin}:/usr/bin:/bin`,
          NXF_PLUGINS_DEFAULT: 'false',
          NF_ESCROW_IDLE_SECONDS: '1',
        },
      },
    );
  chmodSync(own.home, 0o500);
  session.expect(
    t,
    'no write permission',
    session.run('cd /; nf-escrow run "echo hi"'),
    refused(/^nf-escrow: Cannot use ".*": permission denied \(EACCES\)\.\n +Set NF_ESCROW_HOME/),
  );
  chmodSync(own.home, 0o700);
  const { status, stderr } = inReadOnly('');
  t.equal(status, 69, String(stderr));
  t.match(
    String(stderr),
    /^nf-escrow: Cannot use ".*": the file system is read-only \(EROFS\)\.\n +Set NF_ESCROW_HOME/,
  );
  const moved = inReadOnly(`NF_ESCROW_HOME=${elsewhere}`);
  t.match(
    { status: moved.status, stdout: String(moved.stdout) },
    { status: 0, stdout: /^hi$/m },
    String(moved.stderr),
  );
  t.notOk(readdirSync(own.home).includes('.local'));
  await until('no process stays', () => pidsOf(own.uid).length === 0, 30_000);
});

void t.test('a user id without an account can work once it has a home', async (t) => {
  const [own] = accounts(t, 1) ?? [];
  if (own === undefined) return;
  const session = new UserSession(t, own);
  const uid = 2_000_000_000 + (process.pid % 100_000);
  const home = ownedDirectory(join(openDirectory(t), 'home'), { uid, gid: uid }, 0o700);
  const nobody: Account = { name: 'nobody', uid, gid: uid, home };
  const run = (env: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(...asUser(nobody, ['env', '-i', ...env, 'nf-escrow', 'run', 'echo hi']), {
      encoding: 'utf8',
      cwd: home,
      timeout: 60_000,
      env: { PATH: '/usr/bin:/bin' },
    });
  const basic = [
    `PATH=${session.bin}:/usr/bin:/bin`,
    'NXF_PLUGINS_DEFAULT=false',
    'NF_ESCROW_IDLE_SECONDS=1',
  ];
  session.expect(
    t,
    'without HOME',
    run(basic),
    refused(
      /^nf-escrow: Cannot find your home directory: HOME is not set, and user \d+ has none .*\n +Set HOME/,
    ),
  );
  session.expect(t, 'with HOME', run([...basic, `HOME=${home}`]), { status: 0, stdout: /^hi$/m });
  await until('no process stays', () => pidsOf(uid).length === 0, 30_000);
});

void t.test('reports a deleted working directory, and runs commands that do not need one', async (t) => {
  const [own] = accounts(t, 1) ?? [];
  if (own === undefined) return;
  const session = new UserSession(t, own);
  const gone = 'mkdir gone && cd gone && rmdir ../gone && ';
  const named = refused(
    /nf-escrow: Cannot use the current directory: it was deleted.*\n +Change to an existing/,
  );
  for (const command of ['run "echo hi"', 'run --explain x', 'nextflow log', 'nextflow config', 'shim x'])
    session.expect(t, command, session.run(`${gone}nf-escrow ${command}`), named);
  session.expect(t, 'doctor', session.run(`${gone}nf-escrow doctor`), {
    status: 1,
    stdout: /failure +current directory +The current directory was deleted.*\n +Change to a directory/,
    stderr: /getcwd/, // of bash
  });
  for (const command of ['status', 'secrets list', 'runs list', 'daemon status', 'config list', '--help'])
    session.expect(t, command, session.run(`${gone}nf-escrow ${command} 2>&1`), { status: 0, stdout: /./ });
  session.expect(t, 'set', session.run(`${gone}printf v | nf-escrow secrets set FOO_KEY`), { status: 0 });
  await session.expectUsable(t, 'a deleted directory');
});

void t.test('a full output is reported in one line with status 1', async (t) => {
  const [own] = accounts(t, 1) ?? [];
  if (own === undefined) return;
  const session = new UserSession(t, own);
  const full: Expected = {
    status: 1,
    stdout: /^$/,
    stderr: /^nf-escrow: Cannot write to standard output: no space is left on the device \(ENOSPC\)\.\n$/,
  };
  for (const command of [
    'status',
    '--version',
    '--help',
    'run --help',
    'secrets list --json',
    'runs list --json',
    'doctor',
  ])
    session.expect(t, command, session.run(`nf-escrow ${command} >/dev/full`), full);
  session.expect(t, 'errors', session.run('nf-escrow nope 2>/dev/full'), { status: 64 });
  session.expect(t, 'both', session.run('nf-escrow status >/dev/full 2>&1'), { status: 1 });
  // The run has started, and the status of its command says that its id could not be printed.
  const detached = session.run('nf-escrow run --detach "touch ~/ran" >/dev/full');
  session.expect(t, 'detached', detached, { status: 1, stderr: /Cannot write to standard output/ });
  await until('the detached run runs', () => existsSync(join(own.home, 'ran')));
  await session.expectUsable(t, 'a full output');
});
