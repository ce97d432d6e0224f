import { runFile, runFiles } from '../../run-directory/layout.ts';
import { fifoState, whenReleased } from '../../system/files/fifo.ts';
import { ChangeDetector } from './change-detector.ts';
import { DirectoryWatch, isOnNetwork, refresh } from './directory-watch.ts';
import { PollRate } from './poll-rate.ts';

/** Interval of checks for changes that inotify does not report (network file systems, lost events). */
const POLL_INTERVAL_MS = 2000;
/** Polling interval after the plugin has reported the end of the run, if the kernel does not report changes. */
const END_POLL_MS = 200;
/** Limit of these polls. If a head hangs at its end, polling falls back to the normal interval. */
const END_POLLS_MAX = 150;
/** Delay of the next poll if a file has more content than one poll reads. */
const REST_MS = 1000;
/** Files whose changes are ignored: the heartbeat, which always changes, and temporary files. */
const IGNORED = new RegExp(`^${runFiles.heartbeat}$|\\.new$`);

/** Schedules the polls of a run: on changes of its files, on the release of its FIFO, and at intervals. */
export class WakeUps {
  readonly #reach: () => string;
  readonly #changes: ChangeDetector;
  readonly #rate: PollRate;
  /** Undefined on network file systems: the kernel does not report what other hosts write. */
  #watch: DirectoryWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soonTimer: NodeJS.Timeout | undefined;
  #endPolls = 0;
  #stopWaiting: (() => void) | undefined;
  #isStopped = false;

  /** `reach` returns a path that leads to the run directory now. `wake` polls the run. */
  constructor(reach: () => string, wake: () => void) {
    this.#reach = reach;
    this.#changes = new ChangeDetector(reach, () => this.#isWatched);
    this.#rate = new PollRate(wake);
  }

  /**
   * Starts watching and requests the first poll. Idempotent. `files` returns the files outside the run directory that are
   * read.
   */
  start(files: () => string[]): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    if (!isOnNetwork(this.#reach())) {
      this.#watch = new DirectoryWatch(this.#reach(), (name) => {
        if (name === null || !IGNORED.test(name)) this.#rate.request();
      });
      this.#watch.start();
    }
    this.#timer = setInterval(() => {
      if (!this.#changes.isUnchanged(files())) this.#rate.request();
    }, POLL_INTERVAL_MS);
    this.#rate.request();
  }

  /** Stops permanently: a poll that is in progress starts nothing again. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soonTimer);
    this.#rate.stop();
    this.#stopWaiting?.();
    this.stopWatching();
  }

  /** Stops the file watch before the directory is emptied. Interval polls continue. */
  stopWatching(): void {
    this.#watch?.stop();
  }

  /** Called before each poll. */
  beforePoll(): void {
    this.#changes.record(false, []);
    if (this.#watch === undefined) refresh(this.#reach());
  }

  /** Called after a poll that found nothing to do. `isComplete`: every file that the watch needs was found. */
  afterQuietPoll(isComplete: boolean, files: readonly string[]): void {
    this.#changes.record(isComplete, files);
  }

  /** Requests a poll when the head releases the FIFO. If no process holds it, only interval polls remain. */
  waitForRelease(): void {
    const fifo = runFile(this.#reach(), 'alive');
    if (this.#isStopped || fifoState(fifo) !== 'held') return;
    this.#stopWaiting ??= whenReleased(fifo, () => {
      this.#stopWaiting = undefined;
      this.#rate.request();
    });
  }

  /** Polls more often because the run is about to end, unless the kernel reports changes. */
  expectEnd(): void {
    if (!this.#isWatched && this.#endPolls++ < END_POLLS_MAX) this.#wakeIn(END_POLL_MS);
  }

  /** Requests another poll soon because a file has more content. */
  continueSoon(): void {
    this.#wakeIn(REST_MS);
  }

  get #isWatched(): boolean {
    return this.#watch?.isListening === true;
  }

  #wakeIn(ms: number): void {
    if (this.#isStopped) return;
    clearTimeout(this.#soonTimer);
    this.#soonTimer = setTimeout(() => this.#rate.request(), ms);
  }
}
