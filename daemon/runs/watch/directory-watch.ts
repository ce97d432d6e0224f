import { opendirSync, watch as watchDirectory, type FSWatcher } from 'node:fs';
import { fileSystemType } from '../../system/files/file-system-type.ts';

/** Returns whether the kernel does not report changes that other hosts make in the directory. */
export function isOnNetwork(directory: string): boolean {
  try {
    return fileSystemType(directory).network;
  } catch {
    return true; // cannot be examined now: use intervals
  }
}

/** A head and its plugin cause at most a few thousand changes per second, when many tasks end at once. */
const CHANGES_MAX = 5000;
const WINDOW_MS = 1000;
/** How long the watch pauses after more changes than that. */
const PAUSE_MS = 60_000;

/**
 * Watches one directory with Node's own `fs.watch`: a library that lists the directory at each change takes more time than
 * everything else in an idle daemon. Pauses if a task floods the directory. Interval polls remain.
 */
export class DirectoryWatch {
  readonly #directory: string;
  readonly #onChange: (name: string | null) => void;
  #watcher: FSWatcher | undefined;
  #pause: NodeJS.Timeout | undefined;
  #windowStart = 0;
  #changes = 0;

  /** `onChange` receives the name of the changed file, or null if it is unknown. */
  constructor(directory: string, onChange: (name: string | null) => void) {
    this.#directory = directory;
    this.#onChange = onChange;
  }

  /** Whether changes are reported now. */
  get isListening(): boolean {
    return this.#watcher !== undefined;
  }

  start(): void {
    this.#pause = undefined;
    try {
      this.#watcher = watchDirectory(this.#directory, (_event, name) => this.#changed(name));
      this.#watcher.on('error', () => this.#onChange(null));
    } catch {
      return; // the directory was deleted, or no inotify watches are left
    }
  }

  stop(): void {
    clearTimeout(this.#pause);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #changed(name: string | null): void {
    const now = performance.now();
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#changes = 0;
    }
    if ((this.#changes += 1) <= CHANGES_MAX) this.#onChange(name);
    else {
      this.stop();
      this.#pause = setTimeout(() => this.start(), PAUSE_MS).unref();
    }
  }
}

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
