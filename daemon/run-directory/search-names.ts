import type { BigIntStats } from 'node:fs';
import { lookAt, openDirectory, type OpenDirectory } from '../system/files/open-directory.ts';
import { entriesOf } from '../system/files/remove-tree.ts';
import { TimeSlices } from '../system/time/time-slices.ts';
import { GONE, runFiles } from './layout.ts';

/** Where files with values are, or are moved by the shim, besides the run directory itself. */
const PLACES: ReadonlySet<string> = new Set([runFiles.secrets, GONE]);

/** Returns the names of wanted plain files in a run directory and in its usual places, by inode. They are valid while it is open. */
export async function searchNames(
  directory: OpenDirectory,
  isWanted: (found: BigIntStats) => boolean,
): Promise<Map<string, Buffer[]>> {
  const names = new Map<string, Buffer[]>();
  const slices = new TimeSlices();
  const search = async (within: OpenDirectory, prefix: string): Promise<void> => {
    for (const name of entriesOf(within)) {
      await slices.next();
      const path = within.entry(name);
      const found = lookAt(path);
      if (found?.isDirectory() === true && within === directory && PLACES.has(name.toString())) {
        const below = openDirectory(path);
        try {
          await search(below, `${prefix}${name.toString()}/`);
        } finally {
          below.close();
        }
      } else if (found?.isFile() === true && isWanted(found)) {
        const inode = String(found.ino);
        names.set(inode, [...(names.get(inode) ?? []), Buffer.concat([Buffer.from(prefix), name])]);
      }
    }
  };
  await search(directory, `${directory.self}/`);
  return names;
}
