import { watch, type ChokidarOptions, type FSWatcher } from 'chokidar';
import { isSame, lookAt, OpenFile } from '../../system/files/open-directory.ts';

/** Limit of changes per second. A shim and a plugin cause fewer, even if hundreds of tasks end at once. */
const CHANGES_MAX = 1000;
const WINDOW_MS = 1000;
/** Duration of a pause after a flood of changes, or after an error such as no free inotify watch. Interval polls continue. */
const PAUSE_MS = 60_000;

/** A watched file. */
interface Watched {
  readonly file: OpenFile;
  readonly identity: ReturnType<OpenFile['look']>;
  readonly watcher: FSWatcher;
}

/**
 * Watches one existing file with chokidar. A change is a hint to read the file, never evidence. chokidar is given the
 * descriptor of the file (`/proc/self/fd/N`) instead of its path, because it follows its path at each change: a task could
 * replace the file by a link to a directory or a mount that hangs. See docs/adr/0012-chokidar-watches-single-files.md.
 */
export class FileWatch {
  readonly #reach: () => string;
  readonly #onChange: () => void;
  #watched: Watched | undefined;
  #isListening = false;
  #isMissing = true;
  #resumeAt = -Infinity;
  #windowStart = -Infinity;
  #changes = 0;
  #seen: string | undefined;

  /** `reach` returns a path that leads to the file now. */
  constructor(reach: () => string, onChange: () => void) {
    this.#reach = reach;
    this.#onChange = onChange;
  }

  /** Whether changes are reported now. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Whether there was no file at the last call of `follow`. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /**
   * Watches the file that has the path now, and reports a change when it does. Call it at intervals: the file may be created
   * later or be replaced, and no directory is watched. Never throws because of the file.
   */
  follow(): void {
    const found = lookAt(this.#reach());
    this.#isMissing = found === undefined;
    if (this.#watched !== undefined && isSame(this.#watched.identity, found)) return;
    this.stop();
    if (found?.isFile() === true && performance.now() >= this.#resumeAt) this.#start();
  }

  /** Called before the file is read: a watch that starts later does not report the content that exists now. */
  markSeen(): void {
    this.#seen = contentOf(lookAt(this.#reach()));
  }

  /** Idempotent. */
  stop(): void {
    void this.#watched?.watcher.close();
    this.#watched?.file.close();
    this.#watched = undefined;
    this.#isListening = false;
  }

  #start(): void {
    const file = this.#open();
    if (file === undefined) return;
    dropVariables();
    const watcher = watch(file.self, optionsFor(file.self))
      .on('ready', () => {
        this.#isListening = true;
        if (contentOf(file.look()) !== this.#seen) this.#onChange(); // changed before the watch started
      })
      // `change` is not emitted for the last of several changes within 50 ms.
      .on('raw', () => this.#changed())
      .on('error', () => this.#pause());
    this.#watched = { file, identity: file.look(), watcher };
  }

  /** Opens the file without reading it: opening a FIFO or a device, which a task may have created, has no effect. */
  #open(): OpenFile | undefined {
    let file: OpenFile | undefined;
    try {
      file = new OpenFile(this.#reach());
      const found = file.look();
      if (found.isFile() && found.uid === BigInt(process.geteuid?.() ?? -1)) return file;
    } catch {
      // It was removed just now, or this process has no free descriptor.
    }
    file?.close();
    return undefined;
  }

  #changed(): void {
    const now = performance.now();
    if (now - this.#windowStart > WINDOW_MS) {
      this.#windowStart = now;
      this.#changes = 0;
    }
    if ((this.#changes += 1) <= CHANGES_MAX) this.#onChange();
    else this.#pause();
  }

  #pause(): void {
    this.stop();
    this.#resumeAt = performance.now() + PAUSE_MS;
  }
}

/** Returns what changes whenever the file is written to or replaced. */
function contentOf(found: ReturnType<typeof lookAt>): string | undefined {
  return found && [found.ino, found.size, found.mtimeNs].join(':');
}

/**
 * `ignored` keeps chokidar from watching the parent directory when the file is missing or removed. It would list the
 * directory and examine each entry at every change. `followSymlinks` concerns only the link in /proc, which is ours.
 */
function optionsFor(self: string): ChokidarOptions {
  return {
    persistent: true,
    usePolling: false,
    followSymlinks: true,
    ignoreInitial: true,
    atomic: false,
    awaitWriteFinish: false,
    depth: 0,
    ignored: (path) => path !== self,
  };
}

/** Drops the variables that chokidar reads whenever it starts, and that override its options. */
function dropVariables(): void {
  delete process.env['CHOKIDAR_USEPOLLING'];
  delete process.env['CHOKIDAR_INTERVAL'];
}
