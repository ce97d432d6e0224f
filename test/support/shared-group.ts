import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { accounts, asUser, type Account } from './accounts.ts';
import { root, untapped } from './sandbox.ts';

/** The arguments of one call of openTrusted. */
export interface Wanted {
  readonly path: string;
  readonly need?: 'private' | 'unwritable';
  readonly create?: boolean;
}

/** The path that was opened, or `absent`, or the error. */
export type Outcome =
  | { readonly found: string; readonly code?: undefined }
  | { readonly code: string; readonly message: string; readonly hint: string; readonly found?: undefined };

/** Two users with the same primary group, as on many clusters, whose homes the group can enter. */
export interface SharedGroup {
  readonly victim: Account;
  readonly attacker: Account;
  readonly group: string;
  readonly gid: number;
}

/** Creates the accounts and the group. Without root it skips the test and returns undefined. */
export function sharedGroup(t: Test): SharedGroup | undefined {
  const group = `nfeg${String(process.pid)}`;
  const made = accounts(t, 2);
  if (made === undefined) return undefined;
  must('groupadd', [group]);
  t.teardown(() => spawnSync('groupdel', ['-f', group]));
  const gid = Number(
    new RegExp(`^${group}:[^:]*:(\\d+):`, 'm').exec(readFileSync('/etc/group', 'utf8'))?.[1],
  );
  const [victim, attacker] = made.map((account): Account => {
    must('usermod', ['--gid', group, account.name]);
    must('chgrp', ['-R', group, account.home]);
    must('groupdel', [account.name]); // userdel does not remove a group that is not the user's primary group
    chmodSync(account.home, 0o755);
    return { ...account, gid };
  }) as [Account, Account];
  return { victim, attacker, group, gid };
}

/** Opens paths sequentially in a process of the user. */
export function probe(
  account: Account,
  wanted: readonly Wanted[],
  { umask = '022', around = [] }: { readonly umask?: string; readonly around?: readonly string[] } = {},
): Outcome[] {
  const program = join(root, 'dist/test/support/trust-probe.js');
  const command = [process.execPath, program, JSON.stringify(wanted)];
  const { stdout, stderr } = asAccount(account, [
    'sh',
    '-c',
    `umask ${umask}; exec "$@"`,
    'sh',
    ...around,
    ...command,
  ]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Outcome[];
}

/** Runs a command as the user. */
export function asAccount(
  account: Account,
  command: readonly string[],
  options: { readonly input?: string; readonly env?: Record<string, string> } = {},
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(...untapped(...asUser(account, command)), {
    encoding: 'utf8',
    cwd: account.home,
    input: options.input ?? '',
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...options.env },
  });
}

/** Runs a command as root and returns its output. Throws when it fails. */
export function must(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${String(status)} ${stderr}`);
  return stdout;
}
