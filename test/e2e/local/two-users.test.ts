import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { DaemonStatus, Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { accounts, asUser, type Account } from '../../support/accounts.ts';
import { root, startProgram, untapped, until } from '../../support/sandbox.ts';

const fake = join(root, 'test/support/bin/nextflow');

/** A user with a home and a daemon. */
class User {
  readonly account: Account;
  readonly state: string;
  readonly value = randomBytes(16).toString('hex');

  constructor(account: Account) {
    this.account = account;
    this.state = join(account.home, '.local/state/nf-escrow');
  }

  run(command: readonly string[], input = '', env: Record<string, string> = {}) {
    return spawnSync(...untapped(...asUser(this.account, command)), {
      encoding: 'utf8',
      input,
      cwd: this.account.home,
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        NF_ESCROW_NEXTFLOW: fake,
        NXF_PLUGINS_DEFAULT: 'false',
        ...env,
      },
    });
  }

  escrow(args: readonly string[], input?: string, env?: Record<string, string>): ReturnType<User['run']> {
    return this.run([process.execPath, startProgram, ...args], input, env);
  }

  json<T>(args: readonly string[]): T {
    const { stdout, stderr } = this.escrow([...args, '--json']);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }
}

void t.test('isolates two users of one machine', async (t) => {
  const made = accounts(t, 2);
  if (made === undefined) return;
  const [ann, bob] = made.map((account) => new User(account)) as [User, User];
  for (const user of [ann, bob]) {
    t.equal(user.escrow(['secrets', 'set', 'FOO_KEY'], user.value).status, 0);
    const held = user.escrow(['run', '--detach', 'touch here; while [ ! -e go ]; do sleep 0.1; done']);
    t.equal(held.status, 0, held.stderr);
  }
  const runs = [ann, bob].map((user) => user.json<RunList>(['runs', 'list']).runs);
  t.same(
    runs.map(({ length }) => length),
    [1, 1],
    'each user has one run',
  );
  const [hers, his] = runs.map(([run]) => run?.id) as [string, string];
  for (const user of [ann, bob])
    await until('the task runs', () => existsSync(join(user.account.home, 'here')));
  const daemon = ann.json<DaemonStatus>(['daemon', 'status']).process.pid;
  const directory = join(ann.state, 'runs', hers);
  const head = (JSON.parse(readFileSync(join(directory, 'process'), 'utf8')) as { pid: number }).pid;

  await t.test("a user cannot read the other's files and processes", async (t) => {
    t.equal(ann.run(['cat', join(directory, 'store.json')]).status, 0, 'the owner can read the store');
    for (const path of [ann.state, join(ann.state, 'runs'), directory, join(directory, 'store.json')]) {
      t.not(bob.run(['ls', path]).status, 0, path);
      t.not(bob.run(['cat', join(path, 'store.json')]).status, 0, path);
    }
    t.not(bob.run(['cat', `/proc/${String(daemon)}/environ`]).status, 0);
    t.not(bob.run(['cat', `/proc/${String(head)}/environ`]).status, 0);
    t.not(bob.run(['find', ann.state, '-type', 'f']).stdout, /store.json/);
    for (const file of ['.config/nf-escrow/vault.key', '.local/state/nf-escrow/ledger.db'])
      t.not(bob.run(['cat', join(ann.account.home, file)]).status, 0, file);
    t.notMatch(bob.escrow(['runs', 'list']).stdout, hers);
    t.notMatch(bob.run(['ps', 'auxww']).stdout, ann.value, 'no command line contains the value');
  });

  await t.test("a user cannot use the other's daemon or directories", async (t) => {
    const socket = join(ann.state, hostname(), 'daemon.sock');
    t.ok(statSync(socket).isSocket());
    const curl = ['--silent', '--unix-socket', socket, 'http://localhost/v1/health'];
    t.equal(ann.run(['curl', ...curl]).status, 0);
    t.not(bob.run(['curl', ...curl]).status, 0);
    for (const args of [
      ['runs', 'list'],
      ['daemon', 'status'],
      ['daemon', 'stop'],
      ['secrets', 'list'],
    ]) {
      const { status, stderr } = bob.escrow(args, '', { NF_ESCROW_HOME: ann.state });
      t.not(status, 0, stderr);
      t.match(stderr, /^nf-escrow: /);
    }
    const runsDirectory = { NF_ESCROW_RUNS_DIR: join(ann.state, 'runs') };
    t.equal(bob.escrow(['daemon', 'stop']).status, 0);
    t.not(bob.escrow(['run', 'exit 0'], '', runsDirectory).status, 0, "no run in the other's runs directory");
    t.equal(bob.escrow(['daemon', 'stop']).status, 0);
  });

  await t.test("a user cannot signal, cancel or purge the other's runs", async (t) => {
    for (const pid of [daemon, head]) {
      t.not(bob.run(['/bin/kill', '-TERM', String(pid)]).status, 0);
      t.ok(existsSync(`/proc/${String(pid)}`));
    }
    for (const args of [
      ['runs', 'cancel', hers],
      ['runs', 'purge', hers, '--force', '--yes'],
      ['runs', 'show', hers],
    ])
      t.equal(bob.escrow(args).status, 1, args.join(' '));
    t.not(bob.run(['rm', '-rf', directory]).status, 0);
    t.equal(ann.json<Run>(['runs', 'show', hers]).state, 'running');
    t.ok(readFileSync(join(directory, 'store.json'), 'utf8').includes(ann.value));
  });

  await t.test('the next daemon restores access to a run directory of mode 000', async (t) => {
    t.equal(ann.run(['chmod', '000', directory]).status, 0);
    process.kill(daemon, 'SIGKILL');
    await until('a daemon restores access', () => {
      t.equal(ann.json<Run>(['runs', 'show', hers]).state, 'running');
      return ann.run(['ls', directory]).status === 0;
    });
  });

  await t.test("the end of a user's run does not affect the other's", async (t) => {
    const stopped = bob.escrow(['daemon', 'stop']);
    t.equal(stopped.status, 0);
    t.equal(bob.run(['touch', 'go']).status, 0);
    await until('the first run is purged', () =>
      bob.json<Run>(['runs', 'show', his]).state === 'purged' ? true : undefined,
    );
    t.equal(ann.json<Run>(['runs', 'show', hers]).state, 'running');
    t.equal(ann.run(['touch', 'go']).status, 0);
    await until('the second run is purged', () =>
      ann.json<Run>(['runs', 'show', hers]).state === 'purged' ? true : undefined,
    );
    for (const [user, id] of [
      [ann, hers],
      [bob, his],
    ] as const) {
      t.equal(user.json<Receipt>(['runs', 'receipt', id]).complete, true);
      t.same(readdirSync(join(user.state, 'runs')), []);
      t.equal(
        spawnSync('grep', ['-r', user.value, user.account.home]).status,
        1,
        'no file contains the value',
      );
      t.equal(user.escrow(['daemon', 'stop']).status, 0);
    }
  });
});
