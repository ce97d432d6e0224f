import { statSync } from 'node:fs';
import { writeFileAtomic } from '../system/files/atomic-write.ts';
import { readFileNoFollow } from '../system/files/read-regular-file.ts';
import { runFile } from './layout.ts';

/** How long a run directory that does not state its own expiry is left alone, in milliseconds. */
const DEFAULT_EXPIRY_MS = 24 * 3600 * 1000;
const FILE_MAX = 64;

/** Writes when a run directory may be removed by whoever finds it (ISO 8601, UTC). */
export function writeExpiry(directory: string, expiresAt: string): void {
  writeFileAtomic(runFile(directory, 'expires'), `${expiresAt}\n`);
}

/**
 * Returns when a run directory may be removed by whoever finds it, in milliseconds since 1970; undefined if the directory
 * does not exist. Tasks of the run can write to the file: content that is not a time is ignored.
 */
export function readExpiry(directory: string): number | undefined {
  let stated = NaN;
  try {
    const text = readFileNoFollow(runFile(directory, 'expires'), FILE_MAX)?.toString('latin1');
    stated = Date.parse(text?.trim() ?? '');
  } catch {
    stated = NaN; // the directory was only partly created, or the entry is not a regular file
  }
  if (!Number.isNaN(stated)) return stated;
  const found = statSync(directory, { throwIfNoEntry: false });
  return found && found.mtimeMs + DEFAULT_EXPIRY_MS;
}
