import { existsSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';

/**
 * Closes the fence of a run: whoever renames `armed` first decides, the shim that starts or we who call it off. False
 * when the shim was faster. Repeatable. Nothing to rename and nothing started: the directory was lost, nothing can start.
 */
export function revoke(directory: string): boolean {
  const revoked = join(directory, 'revoked');
  try {
    // A directory that was planted there would keep the fence open for good.
    if (lstatSync(revoked, { throwIfNoEntry: false })?.isDirectory() === true)
      rmSync(revoked, { recursive: true });
    renameSync(join(directory, 'armed'), revoked);
    return true;
  } catch (error) {
    if (isGone(error)) return !existsSync(join(directory, 'started'));
    throw error;
  }
}

/** The run directory went away, or something else stands there now. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
}
