import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { accounts, asUser, pidsOf, type Account } from '../accounts.ts';
import { launcher, root, until, untapped } from '../sandbox.ts';

/** What a command line did. */
export interface SessionEnd {
  /** Null if it did not end within the limit. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a session expects of a command line. */
export interface Expected {
  readonly status: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}

/** A command that hangs is killed after this time. Generous, because the machine may be loaded. */
const LIMIT_MS = 60_000;
/** What a run writes into the pipeline's directory: the fake nextflow writes a log. */
const WRITTEN = ['.nextflow.log'];

/** A new user's shell, with `nf-escrow`, `nextflow` (the fake) and Node on PATH, and without other settings. */
export class UserSession {
  readonly account: Account;
  /** The pipeline's directory, in which commands are started. */
  readonly launch: string;
  readonly bin: string;

  constructor(t: Test, account: Account, nextflow = join(root, 'test/support/bin/nextflow')) {
    this.account = account;
    this.launch = join(account.home, 'pipeline');
    this.bin = mkdtempSync('/tmp/nfe-bin-');
    chmodSync(this.bin, 0o755);
    symlinkSync(launcher, join(this.bin, 'nf-escrow'));
    symlinkSync(nextflow, join(this.bin, 'nextflow'));
    symlinkSync(process.execPath, join(this.bin, 'node'));
    t.teardown(() => {
      this.stop();
      rmSync(this.bin, { recursive: true, force: true });
    });
    this.own('mkdir', this.launch);
  }

  /** Runs a program as the user. Throws if it fails. */
  own(...command: [string, ...string[]]): void {
    const { status, stderr } = spawnSync(...asUser(this.account, command), { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  }

  /** Executes a script with bash in the user's session. */
  run(script: string, env: Readonly<Record<string, string>> = {}): SessionEnd {
    return this.#execute(asUser(this.account, ['bash', '-c', script]), env);
  }

  /** Executes a script with bash as root, which can become the user with su and sudo. `$USER_NAME` is the user. */
  runAsRoot(script: string, env: Readonly<Record<string, string>> = {}): SessionEnd {
    const variables = [`USER_NAME=${this.account.name}`, 'HOME=/root'];
    return this.#execute(['env', [...variables, 'bash', '-c', script]], env);
  }

  #execute([command, args]: [string, string[]], env: Readonly<Record<string, string>>): SessionEnd {
    const { status, stdout, stderr } = spawnSync(...untapped(command, args), {
      encoding: 'utf8',
      input: '',
      cwd: this.launch,
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
      env: {
        PATH: `${this.bin}:/usr/local/bin:/usr/bin:/bin`,
        LANG: 'C.UTF-8',
        NXF_PLUGINS_DEFAULT: 'false',
        NXF_OFFLINE: 'true',
        ...env,
      },
    });
    return { status, stdout, stderr };
  }

  /** Asserts what a command line did, and what none may do: hang, show a stack trace, or write into the pipeline's directory. */
  expect(
    t: Test,
    title: string,
    end: SessionEnd,
    { status, stdout = /(?:)/, stderr = /(?:)/ }: Expected,
  ): void {
    t.equal(end.status, status, `${title}: ${end.stderr}`);
    t.match(end.stdout, stdout, title);
    t.match(end.stderr, stderr, title);
    t.notMatch(`${end.stdout}${end.stderr}`, /^ +at .*[:(]/m, `${title}: no stack trace`);
    if (existsSync(this.launch))
      t.same(
        readdirSync(this.launch).filter((name) => !WRITTEN.includes(name)),
        [],
        `${title}: nothing of nf-escrow in the pipeline's directory`,
      );
  }

  /** Asserts that the user can still work afterwards, and that the daemon is the only process that stays until it is stopped. */
  async expectUsable(t: Test, title: string): Promise<void> {
    const end = this.run('nf-escrow run "echo still usable" && nf-escrow daemon stop');
    this.expect(t, `afterwards: ${title}`, end, { status: 0, stdout: /still usable/ });
    await until(`no process stays: ${title}`, () => pidsOf(this.account.uid).length === 0, 20_000);
  }

  /** Stops the daemon of the user, so that the next command starts one with its own environment. */
  stop(): void {
    if (existsSync(this.account.home)) this.run('nf-escrow daemon stop');
  }
}

/** The owner of root's files. */
export const rootAccount: Pick<Account, 'uid' | 'gid'> = { uid: 0, gid: 0 };

/** Creates two users and a session of the first. Without root, skips the test and returns undefined. */
export function withUsers(
  t: Test,
): { readonly session: UserSession; readonly own: Account; readonly other: Account } | undefined {
  const [own, other] = accounts(t, 2) ?? [];
  if (own === undefined || other === undefined) return undefined;
  return { session: new UserSession(t, own), own, other };
}

/** Creates a directory of mode 0755 for one test that every user can enter. */
export function openDirectory(t: Test): string {
  const directory = mkdtempSync('/tmp/nfe-open-');
  chmodSync(directory, 0o755);
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Creates a directory with an owner and a mode. */
export function ownedDirectory(
  path: string,
  { uid, gid }: Pick<Account, 'uid' | 'gid'>,
  mode: number,
): string {
  mkdirSync(path);
  spawnSync('chown', [`${String(uid)}:${String(gid)}`, path]);
  chmodSync(path, mode);
  return path;
}
