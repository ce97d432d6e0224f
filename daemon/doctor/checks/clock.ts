import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { lstatIfExists } from '../../system/files/path-lookup.ts';

/** nf-escrow is younger than this: whatever clock says less is wrong. */
const EARLIEST = Date.UTC(2026, 0, 1);
const APART_MS = 2000;
const REMEDY =
  'Set the clock right (NTP): expiry, signatures of requests and the order of events depend on it.';

/** This machine's clock, and where the state directory is, the clock of its file server. */
export function checkClock({ state }: Paths, clock: () => number): Check[] {
  const now = clock();
  const shown = new Date(now).toISOString();
  if (now < EARLIEST) return [failure('clock', `it says ${shown}`, REMEDY)];
  if (!isOurDirectory(state)) return [ok('clock', shown)];
  const apart = apartFromFiles(state, clock);
  if (Math.abs(apart) <= APART_MS) return [ok('clock', `${shown}, and files made in ${state} agree`)];
  const seconds = (Math.abs(apart) / 1000).toFixed(1);
  const direction = apart > 0 ? 'in the future' : 'in the past';
  return [
    warning(
      'clock',
      `${shown}; a file made now in ${state} is dated ${seconds} s ${direction}: its server's clock differs`,
      REMEDY,
    ),
  ];
}

function isOurDirectory(path: string): boolean {
  const found = lstatIfExists(path);
  return found?.isDirectory() === true && found.uid === process.geteuid?.();
}

/** Milliseconds by which a new file's time lies outside the moment in which it was made; 0 when it lies inside. */
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
