import { statSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { failure, ok, warning, type Check } from '../check.ts';
import { nearestExistingAncestor } from '../../system/files/path-lookup.ts';

/** Free space on a file system. The total number of inodes is 0 on file systems without a limit, such as btrfs. */
export interface Space {
  readonly freeBytes: number;
  readonly freeInodes: number;
  readonly totalInodes: number;
}

const MEGABYTE = 1e6;

/** Checks free space and inodes of each file system that holds the state or runs directory. */
export function checkSpace(paths: Paths): Check[] {
  const places = new Map<number, { path: string; what: string[] }>();
  for (const [what, path] of [
    ['state', paths.state],
    ['runs', paths.runs],
  ] as const) {
    const at = nearestDirectory(path);
    const device = statSync(at).dev;
    const place = places.get(device) ?? { path: at, what: [] };
    places.set(device, { ...place, what: [...place.what, what] });
  }
  return [...places.values()].map(({ path, what }) => {
    const { bavail, bsize, files, ffree } = statfsSync(path);
    return judgeSpace(`${what.join(' and ')}, at ${path}`, {
      freeBytes: bavail * bsize,
      freeInodes: ffree,
      totalInodes: files,
    });
  });
}

export function judgeSpace(where: string, { freeBytes, freeInodes, totalInodes }: Space): Check {
  const counted = totalInodes > 0;
  const inodes = counted ? ` and ${String(freeInodes)} inodes` : '';
  const found = `${(freeBytes / MEGABYTE).toFixed(freeBytes < MEGABYTE ? 1 : 0)} MB${inodes} for ${where}`;
  const remedy = 'Free space or inodes there (see `df` and `df -i`), or request a larger quota.';
  if (freeBytes < MEGABYTE || (counted && freeInodes === 0)) return failure('free space', found, remedy);
  if (freeBytes < 100 * MEGABYTE || (counted && freeInodes < 1000))
    return warning('free space', found, remedy);
  return ok('free space', found);
}

/** Returns the nearest existing directory above a path. Skips files such as a FIFO or a dangling link. */
function nearestDirectory(path: string): string {
  for (let at = nearestExistingAncestor(path); ; at = dirname(at))
    if (statSync(at, { throwIfNoEntry: false })?.isDirectory() === true || at === dirname(at)) return at;
}
