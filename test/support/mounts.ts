import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { systemCode } from '../../daemon/errors.ts';

/** A disk of its own for one test, which can be full or read-only. */
export interface Disk {
  /** Takes all the room that there is, but for so many bytes. */
  fill(leave?: number): void;
  empty(): void;
  readOnly(): void;
  writable(): void;
}

/**
 * Mounts a small disk at a path; undefined, and the test skipped aloud, where that is not allowed. Call it after the
 * sandbox was made: it has to go before the sandbox's directory does.
 */
export function smallDisk(t: Test, path: string, kilobytes: number): Disk | undefined {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const options = `size=${String(kilobytes)}k,mode=700`;
  const mounted = process.geteuid?.() === 0 && mount('-t', 'tmpfs', '-o', options, 'nf-escrow-test', path);
  if (!mounted) {
    t.pass('skipped', { skip: 'only root may mount a disk, and not everywhere' });
    return undefined;
  }
  // Lazily: a daemon may still have something open on it.
  t.teardown(() => execFileSync('umount', ['--lazy', path]));
  const filler = join(path, 'filler');
  return {
    fill: (leave = 0) => fill(filler, leave),
    empty: () => rmSync(filler),
    readOnly: () => t.ok(mount('-o', 'remount,ro', path), 'is read-only now'),
    writable: () => t.ok(mount('-o', 'remount,rw', path), 'is writable again'),
  };
}

/**
 * Mounts a small disk over a directory, for a program that is in a mount namespace of its own: what it leaves goes with it.
 * Gives what unmounts it.
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

/** A file system that tells nothing of changes, as one of the network does: FUSE, over a directory that is beside it. */
export interface NetworkDisk {
  /** As a server that has gone: whoever looks gets an error, ENOTCONN. */
  goAway(): void;
  comeBack(): void;
}

/** Mounts one at a path; undefined, and the test skipped aloud, where that is not possible. */
export function networkDisk(t: Test, path: string): NetworkDisk | undefined {
  const below = `${path}.below`;
  for (const each of [path, below]) mkdirSync(each, { recursive: true, mode: 0o700 });
  const come = (): boolean =>
    spawnSync('bindfs', ['--no-allow-other', below, path], { stdio: 'ignore' }).status === 0;
  if (process.geteuid?.() !== 0 || !come()) {
    t.pass('skipped', { skip: 'there is no bindfs here, or it may not mount' });
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
      t.ok(come(), 'it is there again');
    },
  };
}

function commandOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return undefined; // it has ended
  }
}
