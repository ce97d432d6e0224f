import { opendirSync, watch as watchDirectory, type FSWatcher } from 'node:fs';
import { fileSystemType } from '../../system/files/file-system-type.ts';

/** Whether the kernel tells nothing of what other hosts write there. */
export function isOnNetwork(directory: string): boolean {
  try {
    return fileSystemType(directory).network;
  } catch {
    return true; // it cannot be looked at now: then looking now and then is what is left
  }
}

/**
 * The kernel's word on what changes in one directory: Node's own, as a library that lists the directory at each change
 * takes more time than all the rest of a daemon that waits. Undefined where it cannot be had: looking now and then is left.
 */
export function watchOf(directory: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watchDirectory(directory, (_event, name) => onChange(name)).on('error', () => onChange(null));
  } catch {
    return undefined; // gone by now, or the kernel has no more watches to give
  }
}

/** A run directory has some dozens of entries; a task may add any number. */
const LISTED_MAX = 500;

/** The first names of a directory: to list all of very many would keep the daemon from its other work. */
export function firstNames(directory: string): string[] {
  const listing = opendirSync(directory, { bufferSize: LISTED_MAX });
  try {
    const names: string[] = [];
    for (
      let entry = listing.readSync();
      entry !== null && names.length < LISTED_MAX;
      entry = listing.readSync()
    )
      names.push(entry.name);
    return names;
  } finally {
    listing.closeSync();
  }
}

/** To list a directory has NFS ask its server for it, and not only answer from what it remembers. */
export function refresh(directory: string): void {
  try {
    firstNames(directory);
  } catch {
    return; // whoever looks next says what is wrong
  }
}
