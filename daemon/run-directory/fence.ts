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
 * Closes the fence of a run: whoever renames `armed` first decides, the shim that starts or we who call it off. False
 * when the shim was faster. Repeatable. Nothing to rename and nothing started: the directory was lost, nothing can start,
 * where the store says that it is gone; it throws where that cannot be seen now, as its file system may come back.
 */
export async function revoke(store: FencedDirectories, place: LeaseLocation): Promise<boolean> {
  // A directory that was moved aside may have been started from: its fence is where its descriptor leads.
  const isClosed = closeFence(store.reach(place.target));
  if (isClosed !== undefined) return isClosed;
  if ((await store.inspect(place)).state !== 'present') return true;
  // It may have come back between the two looks.
  return closeFence(store.reach(place.target)) ?? true;
}

/** Undefined where neither is there, `armed` or `started`. */
function closeFence(directory: string): boolean | undefined {
  const revoked = runFile(directory, 'revoked');
  try {
    // A directory that was planted there would keep the fence open for good.
    if (lstatSync(revoked, { throwIfNoEntry: false })?.isDirectory() === true) moveAside(revoked);
    renameSync(runFile(directory, 'armed'), revoked);
    return true;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return existsSync(runFile(directory, 'started')) ? false : undefined;
  }
}
