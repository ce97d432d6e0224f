import { readdirSync, watch as watchDirectory, type FSWatcher } from 'node:fs';
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

/** To list a directory has NFS ask its server for it, and not only answer from what it remembers. */
export function refresh(directory: string): void {
  try {
    readdirSync(directory);
  } catch {
    return; // whoever looks next says what is wrong
  }
}
