import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Process } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { isMissing } from '../files/path-lookup.ts';
import { writeFileAtomic } from '../files/atomic-write.ts';
import { openToAppend } from '../files/owned-file.ts';
import { readFileNoFollow } from '../files/read-regular-file.ts';

/** The holder of the lease of a state directory that several hosts share. */
export interface HostLease {
  /** The daemon's process. */
  readonly holder: Process;
  /** The daemon's epoch in the ledger. */
  readonly epoch: number;
}

const LENGTH_MAX = 4096;

/** Returns the current lease; undefined when there is none, for example after a graceful shutdown. */
export function readHostLease(path: string): HostLease | undefined {
  let text;
  try {
    text = readFileNoFollow(path, LENGTH_MAX)?.toString('utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if (text === undefined) return undefined;
  try {
    const { holder, epoch } = JSON.parse(text) as { holder: unknown; epoch: unknown };
    if (typeof epoch !== 'number') return undefined;
    return { holder: validate<'Process'>('process.json', holder), epoch };
  } catch {
    return undefined; // corrupt: the ledger's epoch decides in any case
  }
}

/** Writes the lease and a heartbeat. Throws `path-conflict`, `permissions-too-open`, `ledger-unavailable`. */
export function writeHostLease(path: string, lease: HostLease): void {
  writeFileAtomic(path, JSON.stringify(lease));
  writeHeartbeat(path);
}

/** Removes the lease if it still has this epoch. */
export function removeHostLease(path: string, epoch: number): void {
  if (readHostLease(path)?.epoch !== epoch) return;
  for (const file of [path, heartbeatPath(path)])
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === true) rmSync(file, { force: true });
}

/** Writes a heartbeat. It writes data instead of setting a time, so that the file server's clock dates the file. */
export function writeHeartbeat(path: string): void {
  const fd = openToAppend(heartbeatPath(path));
  try {
    ftruncateSync(fd, 0);
    writeSync(fd, String(process.pid));
  } finally {
    closeSync(fd);
  }
}

/**
 * Returns the seconds since the holder's last heartbeat; Infinity when there is none. Both times come from the file
 * system, so the clocks of two hosts need not agree.
 */
export function secondsSinceHeartbeat(path: string): number {
  const found = lstatSync(heartbeatPath(path), { throwIfNoEntry: false });
  if (found?.isFile() !== true) return Infinity;
  const last = found.mtimeMs;
  const probe = join(dirname(path), `.clock.${randomBytes(6).toString('hex')}`);
  const fd = openSync(probe, 'wx', 0o600);
  try {
    writeSync(fd, '.');
    return Math.max(0, fstatSync(fd).mtimeMs - last) / 1000;
  } finally {
    closeSync(fd);
    unlinkSync(probe);
  }
}

function heartbeatPath(path: string): string {
  return `${path}.beat`;
}
