import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { lstatIfExists } from '../../system/files/path-lookup.ts';

/** nf-escrow is newer than this date, so an earlier time is wrong. */
const EARLIEST = Date.UTC(2026, 0, 1);
const APART_MS = 2000;
const REMEDY =
  'Synchronize the clock (NTP). Expiry, request signatures and the order of events depend on it.';

/** Checks this machine's clock, and the file server's clock if the state directory exists. */
export function checkClock({ state }: Paths, clock: () => number): Check[] {
  const now = clock();
  const shown = new Date(now).toISOString();
  if (now < EARLIEST) return [failure('clock', `the clock shows ${shown}, which is too early`, REMEDY)];
  if (!isOurDirectory(state)) return [ok('clock', shown)];
  const apart = apartFromFiles(state, clock);
  if (Math.abs(apart) <= APART_MS)
    return [ok('clock', `${shown}; timestamps of new files in ${state} agree`)];
  const seconds = (Math.abs(apart) / 1000).toFixed(1);
  const direction = apart > 0 ? 'in the future' : 'in the past';
  return [
    warning(
      'clock',
      `${shown}; the timestamp of a new file in ${state} is ${seconds} s ${direction}: the file server's clock differs`,
      REMEDY,
    ),
  ];
}

function isOurDirectory(path: string): boolean {
  const found = lstatIfExists(path);
  return found?.isDirectory() === true && found.uid === process.geteuid?.();
}

/** Returns how far the timestamp of a new file is outside the interval of its creation, in milliseconds, or 0. */
function apartFromFiles(directory: string, clock: () => number): number {
  const path = join(directory, `.doctor.${randomBytes(6).toString('hex')}`);
  const before = clock();
  const fd = openSync(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    const made = fstatSync(fd).mtimeMs;
    const after = clock();
    if (made < before) return made - before;
    return Math.max(0, made - after);
  } finally {
    closeSync(fd);
    unlinkSync(path);
  }
}
