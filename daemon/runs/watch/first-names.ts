import { opendirSync } from 'node:fs';

/** Limit of names in a listing. A task may fill its run directory. */
const NAMES_MAX = 256;

/** Returns the first names in a directory, up to a limit. Makes NFS ask its server instead of its cache. */
export function firstNames(directory: string): string[] {
  const opened = opendirSync(directory, { bufferSize: NAMES_MAX });
  try {
    const names: string[] = [];
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
      names.push(entry.name);
      if (names.length === NAMES_MAX) break;
    }
    return names;
  } finally {
    opened.closeSync();
  }
}

/** Makes NFS ask its server for a directory instead of its cache. */
export function refresh(directory: string): void {
  try {
    firstNames(directory);
  } catch {
    return; // the next read reports the error
  }
}
