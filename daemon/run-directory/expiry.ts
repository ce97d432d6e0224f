import { lstatSync, type Stats } from 'node:fs';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { runFile } from './layout.ts';

/** The longest lease, and the expiry of a run directory without a stated one, in milliseconds. */
const LEASE_MAX_MS = 24 * 3600 * 1000;
const FILE_MAX = 64;

/** Writes the expiry of a run directory (ISO 8601, UTC). */
export function writeExpiry(directory: string, expiresAt: string): void {
  writeFileAtomic(runFile(directory, 'expires'), `${expiresAt}\n`);
}

/**
 * Returns the expiry of a run directory in whole milliseconds since 1970. Undefined if the directory does not exist. Tasks
 * of the run can write to the file: content that is not a time is ignored, and no expiry is later than one lease after the
 * kernel's time of the last change (st_ctime).
 */
export function readExpiry(directory: string): number | undefined {
  const path = runFile(directory, 'expires');
  let stated = NaN;
  try {
    const text = readFileNoFollow(path, FILE_MAX)?.toString('latin1');
    stated = Date.parse(text?.trim() ?? '');
  } catch {
    stated = NaN; // the directory was only partly created, or the entry is not a regular file
  }
  const file = Number.isNaN(stated) ? undefined : look(path);
  if (file !== undefined) return Math.min(stated, Math.floor(file.ctimeMs) + LEASE_MAX_MS);
  const found = look(directory);
  return found && Math.floor(Math.min(found.mtimeMs, found.ctimeMs)) + LEASE_MAX_MS;
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
