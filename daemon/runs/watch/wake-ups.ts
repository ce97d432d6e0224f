import type { FSWatcher } from 'node:fs';
import { runFile, runFiles } from '../../run-directory/layout.ts';
import { fifoState, whenReleased } from '../../system/files/fifo.ts';
import { ChangeDetector } from './change-detector.ts';
import { isOnNetwork, refresh, watchOf } from './directory-watch.ts';

/** What inotify does not report (network file systems, lost events) is found at this interval. */
export const POLL_INTERVAL_MS = 2000;
/** Once the plugin has reported the end, the head's own is near: polled at this interval where nothing else tells it. */
const END_POLL_MS = 200;
/** A head may hang at its end; then polling falls back to the normal interval. */
const END_POLLS_MAX = 150;
/** Files whose changes mean nothing: the counter that always changes, and files that are only being written. */
const IGNORED = new RegExp(`^${runFiles.heartbeat}$|\\.new$`);
/** Changes follow each other at once as a run begins or ends. Whoever floods the directory with them gets this many polls. */
const WAKE_INTERVAL_MS = 100;
/** More changes between two intervals are a flood: to hear of each would keep the daemon from its other work. */
const CHANGES_MAX = 2000;

/** Decides when a run is polled: at changes of its files, when its head releases the FIFO, and at intervals. */
export class WakeUps {
  readonly #directory: string;
  /** Undefined before the start, and on network file systems: the kernel does not report what other hosts write. */
  #watcher: FSWatcher | undefined;
  #isOnNetwork = false;
  #changeCount = 0;
  #wokenAt = -Infinity;
  #wakeTimer: NodeJS.Timeout | undefined;
  #changes: ChangeDetector | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endTimer: NodeJS.Timeout | undefined;
  #endPolls = 0;
  #stopWaiting: (() => void) | undefined;
  #wake: () => void = () => undefined;

  /** `directory`: the run directory. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Starts watching. `files` returns the files outside of the run directory that are read. */
  start(wake: () => void, files: () => string[]): void {
    this.#wake = wake;
    this.#isOnNetwork = isOnNetwork(this.#directory);
    if (!this.#isOnNetwork) this.#watcher = watchOf(this.#directory, (name) => this.#onChange(name));
    const changes = (this.#changes = new ChangeDetector(this.#directory, this.#watcher !== undefined));
    this.#timer = setInterval(() => {
      this.#changeCount = 0;
      if (!changes.isUnchanged(files())) wake();
    }, POLL_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#endTimer);
    this.#stopWaiting?.();
    this.stopWatching();
  }

  /** From now on only the intervals count: the directory is about to be emptied, or somebody floods it. */
  stopWatching(): void {
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Called before each poll. */
  beforePoll(): void {
    this.#changes?.record(false, []);
    if (this.#isOnNetwork) refresh(this.#directory);
  }

  /** Called after a poll that found nothing to do. `isComplete`: everything there is to read was found. */
  afterQuietPoll(isComplete: boolean, files: readonly string[]): void {
    this.#changes?.record(isComplete, files);
  }

  /** Wakes at once when the head releases the FIFO. If no process holds it, only the interval remains. */
  waitForRelease(): void {
    const fifo = runFile(this.#directory, 'alive');
    if (fifoState(fifo) !== 'held') return;
    this.#stopWaiting ??= whenReleased(fifo, () => {
      this.#stopWaiting = undefined;
      this.#wake();
    });
  }

  /** The end is near: polls more often where the kernel reports no changes. */
  expectEnd(): void {
    if (this.#watcher !== undefined || this.#endPolls++ >= END_POLLS_MAX) return;
    clearTimeout(this.#endTimer);
    this.#endTimer = setTimeout(this.#wake, END_POLL_MS);
  }

  #onChange(name: string | null): void {
    if (++this.#changeCount > CHANGES_MAX) this.stopWatching();
    if ((name !== null && IGNORED.test(name)) || this.#wakeTimer !== undefined) return;
    const pause = this.#wokenAt + WAKE_INTERVAL_MS - performance.now();
    const wake = (): void => {
      this.#wakeTimer = undefined;
      this.#wokenAt = performance.now();
      this.#wake();
    };
    if (pause <= 0) wake();
    else this.#wakeTimer = setTimeout(wake, pause);
  }
}
