import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { systemCode } from '../../daemon/errors.ts';

/** A small disk for one test, which can be made full or read-only. */
export interface Disk {
  /** Fills the disk except for this number of bytes. */
  fill(leave?: number): void;
  empty(): void;
  /** Fails while a process has a regular file open for writing. */
  readOnly(): void;
  writable(): void;
  /** Makes a directory on the disk immutable with everything in it, also for open files. */
  freeze(directory: string): void;
  thaw(directory: string): void;
}

/**
 * Mounts a small disk at a path. If that is not permitted, skips the test and returns undefined. Call it after creating
 * the sandbox, so that it is unmounted before the sandbox is removed.
 */
export function smallDisk(t: Test, path: string, kilobytes: number): Disk | undefined {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const options = `size=${String(kilobytes)}k,mode=700`;
  const mounted = process.geteuid?.() === 0 && mount('-t', 'tmpfs', '-o', options, 'nf-escrow-test', path);
  if (!mounted) {
    t.pass('skipped', { skip: 'mounting a disk is not permitted' });
    return undefined;
  }
  // Lazily, because a daemon may still have open files on it.
  t.teardown(() => execFileSync('umount', ['--lazy', path]));
  const filler = join(path, 'filler');
  return {
    fill: (leave = 0) => fill(filler, leave),
    empty: () => rmSync(filler),
    readOnly: () => t.ok(mount('-o', 'remount,ro', path), 'remounts read-only'),
    writable: () => t.ok(mount('-o', 'remount,rw', path), 'remounts writable'),
    // FIFOs have no flags, so chattr reports a failure.
    freeze: (directory) => spawnSync('chattr', ['-R', '+i', directory], { stdio: 'ignore' }),
    thaw: (directory) => spawnSync('chattr', ['-R', '-i', directory], { stdio: 'ignore' }),
  };
}

/**
 * Mounts a small disk over a directory, for a program with its own mount namespace, which also ends a leftover mount.
 * Returns a function that unmounts it.
 */
export function privateDisk(path: string, megabytes: number): () => void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  execFileSync('mount', [
    ...['-t', 'tmpfs', '-o', `size=${String(megabytes)}m,mode=700`],
    ...['nf-escrow-test', path],
  ]);
  return () => execFileSync('umount', ['--lazy', path]);
}

function mount(...args: string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

function fill(path: string, leave: number): void {
  const fd = openSync(path, 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC') throw error;
  } finally {
    closeSync(fd);
  }
  if (leave > 0) execFileSync('truncate', ['--size', `-${String(leave)}`, path]);
}

/** A FUSE file system without change notifications, like a network file system, over a directory next to it. */
export interface NetworkDisk {
  /** Imitates an unreachable server: every access fails with ENOTCONN. */
  goAway(): void;
  comeBack(): void;
}

/** Mounts such a file system at a path. If that is not possible, skips the test and returns undefined. */
export function networkDisk(t: Test, path: string): NetworkDisk | undefined {
  const below = `${path}.below`;
  for (const each of [path, below]) mkdirSync(each, { recursive: true, mode: 0o700 });
  const come = (): boolean =>
    spawnSync('bindfs', ['--no-allow-other', below, path], { stdio: 'ignore' }).status === 0;
  if (process.geteuid?.() !== 0 || !come()) {
    t.pass('skipped', { skip: 'needs root, an installed bindfs and FUSE' });
    return undefined;
  }
  t.teardown(() => spawnSync('umount', ['--lazy', path]));
  return {
    goAway: () => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
        if (commandOf(pid) === ['bindfs', '--no-allow-other', below, path, ''].join('\0'))
          process.kill(Number(pid), 'SIGKILL');
    },
    comeBack: () => {
      spawnSync('umount', ['--lazy', path]);
      t.ok(come(), 'mounts again');
    },
  };
}

function commandOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return undefined; // already ended
  }
}
