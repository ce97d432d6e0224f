import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemCode } from '../../errors.ts';
import { rotatedLogs } from './log.ts';

/**
 * Identifies a log by its beginning, which names the time, the command line and the process. A path does not: at each start,
 * Nextflow renames the logs of earlier runs in the directory. An inode number does not either: file systems reuse it.
 */
export interface LogFingerprint {
  /** Size of the beginning in bytes. */
  readonly bytes: number;
  /** SHA-256 of the beginning, in hexadecimal. */
  readonly sha256: string;
}

/** Maximum size of the beginning. The line with the process is within it (`findLog`). */
const BEGINNING_MAX = 64 * 1024;

/** Returns the fingerprint of an open log, or undefined if it is empty. */
export function fingerprintLog(fd: number): LogFingerprint | undefined {
  const beginning = readBeginning(fd, BEGINNING_MAX);
  return beginning.length === 0 ? undefined : { bytes: beginning.length, sha256: digest(beginning) };
}

/**
 * Returns the current path of the log with a fingerprint: where it was found, or where Nextflow's rotation has moved it. Returns
 * undefined if it no longer exists. Follows no link and does not block. Files that cannot be read are other users' files.
 */
export function locateLog(recorded: string, fingerprint: LogFingerprint): string | undefined {
  return pathsOf(recorded).find((path) => isLogAt(path, fingerprint));
}

function isLogAt(path: string, fingerprint: LogFingerprint): boolean {
  const fd = openToRead(path);
  if (fd === undefined) return false;
  try {
    return isLog(fd, fingerprint);
  } finally {
    closeSync(fd);
  }
}

/** The log may have been rotated before it was found, so the recorded path may end with the number of a rotation. */
function pathsOf(recorded: string): string[] {
  const newest = recorded.replace(/\.[1-9]$/, '');
  return [...new Set([recorded, newest, ...rotatedLogs(newest), ...rotatedLogs(recorded)])];
}

function openToRead(path: string): number | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function isLog(fd: number, { bytes, sha256 }: LogFingerprint): boolean {
  try {
    if (!fstatSync(fd).isFile()) return false;
    const beginning = readBeginning(fd, Math.min(bytes, BEGINNING_MAX));
    return beginning.length === bytes && digest(beginning) === sha256;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** Reads from the start of the file. Does not change its position. */
function readBeginning(fd: number, max: number): Buffer {
  const buffer = Buffer.alloc(max);
  let length = 0;
  for (let count = -1; count !== 0 && length < max; length += count)
    count = readSync(fd, buffer, length, max - length, length);
  return buffer.subarray(0, length);
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
