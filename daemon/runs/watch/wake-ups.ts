import { runFile, runFiles } from '../../run-directory/layout.ts';
import { fifoState, whenReleased } from '../../system/files/fifo.ts';
import { ChangeDetector } from './change-detector.ts';
import { DirectoryWatch, isOnNetwork, refresh } from './directory-watch.ts';
import { PollRate } from './poll-rate.ts';

/** What inotify does not report (network file systems, lost events) is found at this interval. */
export const POLL_INTERVAL_MS = 2000;
/** Once the plugin has reported the end, the head's own is near: polled at this interval where nothing else tells it. */
const END_POLL_MS = 200;
/** A head may hang at its end; then polling falls back to the normal interval. */
const END_POLLS_MAX = 150;
/** Where a file had more than one poll reads, the next one follows so soon. */
const REST_MS = 1000;
/** Files whose changes mean nothing: the counter that always changes, and files that are only being written. */
const IGNORED = new RegExp(`^${runFiles.heartbeat}$|\\.new$`);

/** Decides when a run is polled: at changes of its files, when its head releases the FIFO, and at intervals. */
export class WakeUps {
  readonly #directory: string;
  readonly #changes: ChangeDetector;
  readonly #rate: PollRate;
  /** Undefined on network file systems: the kernel does not report what other hosts write. */
  #watch: DirectoryWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soonTimer: NodeJS.Timeout | undefined;
  #endPolls = 0;
  #stopWaiting: (() => void) | undefined;

  /** `directory`: the run directory. `wake` polls. */
  constructor(directory: string, wake: () => void) {
    this.#directory = directory;
    this.#changes = new ChangeDetector(directory, () => this.#isTold);
    this.#rate = new PollRate(wake);
  }

  /** Starts watching, and wakes for the first time. `files` returns the files outside of the run directory that are read. */
  start(files: () => string[]): void {
    if (!isOnNetwork(this.#directory)) {
      this.#watch = new DirectoryWatch(this.#directory, (name) => {
        if (name === null || !IGNORED.test(name)) this.#rate.request();
      });
      this.#watch.start();
    }
    this.#timer = setInterval(() => {
      if (!this.#changes.isUnchanged(files())) this.#rate.request();
    }, POLL_INTERVAL_MS);
    this.#rate.request();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soonTimer);
    this.#rate.stop();
    this.#stopWaiting?.();
    this.stopWatching();
  }

  /** From now on only the intervals count: the directory is about to be emptied. */
  stopWatching(): void {
    this.#watch?.stop();
  }

  /** Called before each poll. */
  beforePoll(): void {
    this.#changes.record(false, []);
    if (this.#watch === undefined) refresh(this.#directory);
  }

  /** Called after a poll that found nothing to do. `isComplete`: everything there is to read was found. */
  afterQuietPoll(isComplete: boolean, files: readonly string[]): void {
    this.#changes.record(isComplete, files);
  }

  /** Wakes at once when the head releases the FIFO. If no process holds it, only the interval remains. */
  waitForRelease(): void {
    const fifo = runFile(this.#directory, 'alive');
    if (fifoState(fifo) !== 'held') return;
    this.#stopWaiting ??= whenReleased(fifo, () => {
      this.#stopWaiting = undefined;
      this.#rate.request();
    });
  }

  /** The end is near: polls more often where the kernel reports no changes. */
  expectEnd(): void {
    if (!this.#isTold && this.#endPolls++ < END_POLLS_MAX) this.#wakeIn(END_POLL_MS);
  }

  /** There is more to read than this poll did. */
  continueSoon(): void {
    this.#wakeIn(REST_MS);
  }

  get #isTold(): boolean {
    return this.#watch?.isListening === true;
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#soonTimer);
    this.#soonTimer = setTimeout(() => this.#rate.request(), ms);
  }
}
