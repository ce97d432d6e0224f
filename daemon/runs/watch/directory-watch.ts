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

/** A head and its plugin cause some thousand changes in a second at most, where many tasks end at once. */
const CHANGES_MAX = 5000;
const WINDOW_MS = 1000;
/** How long nobody listens to a directory in which more changes. */
const PAUSE_MS = 60_000;

/**
 * The kernel's word on what changes in one directory: Node's own, as a library that lists the directory at each change
 * takes more time than all the rest of a daemon that waits. A task that changes something there all the time is not
 * listened to for a while: looking now and then is left.
 */
export class DirectoryWatch {
  readonly #directory: string;
  readonly #onChange: (name: string | null) => void;
  #watcher: FSWatcher | undefined;
  #pause: NodeJS.Timeout | undefined;
  #windowStart = 0;
  #changes = 0;

  /** `onChange`: null where it is not known what changed. */
  constructor(directory: string, onChange: (name: string | null) => void) {
    this.#directory = directory;
    this.#onChange = onChange;
  }

  /** Whether changes are told now. */
  get isListening(): boolean {
    return this.#watcher !== undefined;
  }

  start(): void {
    this.#pause = undefined;
    try {
      this.#watcher = watchDirectory(this.#directory, (_event, name) => this.#changed(name));
      this.#watcher.on('error', () => this.#onChange(null));
    } catch {
      return; // gone by now, or the kernel has no more watches to give
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

/** A task may fill its run directory: so many names are asked for, and no more. */
const NAMES_MAX = 256;

/** The names in a directory, the first of them where there are many. Has NFS ask its server, and not answer from its cache. */
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

/** Has NFS ask its server for a directory, and not only answer from what it remembers. */
export function refresh(directory: string): void {
  try {
    firstNames(directory);
  } catch {
    return; // whoever looks next says what is wrong
  }
}
