import { existsSync, lstatSync, renameSync } from 'node:fs';
import type { LeaseLocation, LeaseRemover } from '../stores/store.ts';
import { isMissing } from '../system/files/path-lookup.ts';
import { runFile } from './layout.ts';
import { moveAside } from './move-aside.ts';

/** The run directories, as far as a fence needs them. */
export interface FencedDirectories extends Pick<LeaseRemover, 'inspect'> {
  /** Returns a path that leads to the run directory now. */
  reach(target: string): string;
}

/**
 * Revokes the fence of a run. Either the shim or this process renames `armed`, which decides whether the run starts. Returns
 * false if the shim was faster. Idempotent. If the directory is deleted, nothing can start. Throws if its state cannot be
 * determined, because its file system may be mounted again.
 */
export async function revoke(store: FencedDirectories, place: LeaseLocation): Promise<boolean> {
  // A run may have started from a directory that was moved: follow its descriptor.
  const isClosed = closeFence(store.reach(place.target));
  if (isClosed !== undefined) return isClosed;
  if ((await store.inspect(place)).state !== 'present') return true;
  // The directory may have reappeared between the two checks.
  return closeFence(store.reach(place.target)) ?? true;
}

/** Renames `armed`. Undefined if neither `armed` nor `started` exists. */
function closeFence(directory: string): boolean | undefined {
  const revoked = runFile(directory, 'revoked');
  try {
    // A task may have created a directory here, which would prevent the rename.
    if (lstatSync(revoked, { throwIfNoEntry: false })?.isDirectory() === true) moveAside(revoked);
    renameSync(runFile(directory, 'armed'), revoked);
    return true;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return existsSync(runFile(directory, 'started')) ? false : undefined;
  }
}
