import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';

/** A user of this machine. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Creates real accounts for one test, and removes them with their processes and files afterwards. Without root it skips
 * the test and returns undefined.
 */
export function accounts(t: Pick<Test, 'teardown' | 'pass'>, count: number): Account[] | undefined {
  if (process.geteuid?.() !== 0 || spawnSync('useradd', ['--help']).status !== 0) {
    t.pass('skipped', { skip: 'creating accounts needs root' });
    return undefined;
  }
  return Array.from({ length: count }, (_, index) =>
    account(t, `nfe${String(process.pid)}${'abc'[index] ?? ''}`),
  );
}

function account(t: Pick<Test, 'teardown'>, name: string): Account {
  const home = `/tmp/nfe-home-${name}`;
  must('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/sh', name]);
  t.teardown(() => {
    for (const pid of pidsOf(uid)) kill(pid);
    spawnSync('crontab', ['-u', name, '-r']);
    must('userdel', ['--remove', '--force', name]);
  });
  const [, , uid = NaN, gid = NaN] = (
    new RegExp(`^${name}:.*$`, 'm').exec(readFileSync('/etc/passwd', 'utf8'))?.[0] ?? ''
  )
    .split(':')
    .map(Number);
  return { name, uid, gid, home };
}

/** Returns a command line that runs as that user, without root's groups and environment. */
export function asUser({ name, uid, gid, home }: Account, command: readonly string[]): [string, string[]] {
  const env = [`HOME=${home}`, `USER=${name}`, `LOGNAME=${name}`];
  return [
    'setpriv',
    ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', 'env', ...env, ...command],
  ];
}

export function pidsOf(uid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '-U', String(uid)], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // already ended
  }
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${String(status)} ${stderr}`);
}
