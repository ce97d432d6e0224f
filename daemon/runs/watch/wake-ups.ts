import { runFile } from '../../run-directory/layout.ts';
import { fifoState, whenReleased } from '../../system/files/fifo.ts';
import { fileSystemType } from '../../system/files/file-system-type.ts';
import { ChangeDetector } from './change-detector.ts';
import { FileWatch } from './file-watch.ts';
import { refresh } from './first-names.ts';
import { PollRate } from './poll-rate.ts';
import type { Load } from './watch-load.ts';

/** Interval of checks for changes that inotify does not report (network file systems, lost events). */
const POLL_INTERVAL_MS = 2000;
/** Timers of all runs start at multiples of this, so that the daemon wakes up once for many runs. */
const TIMER_SLOT_MS = 250;
/** Polling interval after the plugin has reported the end of the run, if the kernel does not report changes. */
const END_POLL_MS = 200;
/** Limit of these polls. If a head hangs at its end, polling falls back to the normal interval. */
const END_POLLS_MAX = 150;
/** Delay of the next poll if a file has more content than one poll reads. */
const REST_MS = 1000;
/** A run that starts or ends causes several changes at once. */
const WAKE_RATE = { burst: 10, intervalMs: () => 500 };
/** Number of polls because of a few new events. Events are only displayed, and a poll for each would be expensive. */
const EVENT_BURST = 3;
/** Time per watched run between further polls because of events, and between comparisons, in milliseconds. */
const PER_RUN_MS = 500;
const EVENTS_EVERY_MS = { least: 2000, most: 10_000 };
/** Limits of the interval of comparisons while the kernel reports the important changes. */
const COMPARE_EVERY_MS = { least: 6000, most: 10_000 };
/** Interval of polls because of events, of comparisons and of reading while nobody requests a run. */
const UNOBSERVED_MS = 60_000;

/** Schedules the polls of a run: on changes of its files, on the release of its FIFO, and at intervals. */
export class WakeUps {
  readonly #reach: () => string;
  readonly #load: Load;
  /** Returns the interval of comparisons. */
  readonly #compareEveryMs: () => number;
  readonly #changes: ChangeDetector;
  readonly #rate: PollRate;
  readonly #eventRate: PollRate;
  readonly #wakeFile: FileWatch;
  readonly #events: FileWatch;
  /** False on network file systems: the kernel does not report what other hosts write. */
  #isLocal = false;
  #isWatching = false;
  #timer: NodeJS.Timeout | undefined;
  #followedAt = -Infinity;
  #soonTimer: NodeJS.Timeout | undefined;
  #endPolls = 0;
  #readAt = -Infinity;
  #isDeferring = false;
  #stopWaiting: (() => void) | undefined;
  #isStopped = false;

  /**
   * `reach` returns a path that leads to the run directory now. `poll` polls the run.
   */
  constructor(reach: () => string, poll: () => void, load: Load) {
    const wake = (): void => {
      load.takeTurn(poll);
    };
    const every = ({ least, most }: typeof EVENTS_EVERY_MS): number =>
      load.isObserved ? Math.min(most, Math.max(least, load.watching * PER_RUN_MS)) : UNOBSERVED_MS;
    this.#reach = reach;
    this.#load = load;
    this.#compareEveryMs = () => (this.#isCovered ? every(COMPARE_EVERY_MS) : 0);
    this.#changes = new ChangeDetector(reach, this.#compareEveryMs);
    this.#rate = new PollRate(wake, WAKE_RATE);
    this.#eventRate = new PollRate(wake, { burst: EVENT_BURST, intervalMs: () => every(EVENTS_EVERY_MS) });
    this.#wakeFile = new FileWatch(
      () => runFile(reach(), 'wake'),
      () => this.#rate.request(),
    );
    this.#events = new FileWatch(
      () => runFile(reach(), 'events'),
      () => {
        this.#eventRate.request();
        // A plugin may write many lines until the next poll is due. None of them needs to wake the daemon.
        if (this.#eventRate.isWaiting) this.#events.stop();
      },
    );
  }

  /**
   * Starts watching and requests the first poll. Idempotent. `files` returns the files outside the run directory that are
   * read.
   */
  start(files: () => string[]): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#isLocal = this.#isWatching = isOnLocalDisk(this.#reach());
    this.#follow();
    const check = (): void => {
      if (this.#isStopped) return;
      const followEveryMs = Math.min(this.#compareEveryMs(), COMPARE_EVERY_MS.most);
      if (performance.now() - this.#followedAt >= followEveryMs) this.#follow();
      const isOverdue = this.#isDeferring && this.#load.isObserved;
      if (isOverdue || !this.#changes.isUnchanged(files())) this.#rate.request();
    };
    this.#timer = setTimeout(
      () =>
        (this.#timer = setInterval(() => {
          this.#load.takeTurn(check);
        }, POLL_INTERVAL_MS)),
      TIMER_SLOT_MS - (performance.now() % TIMER_SLOT_MS),
    );
    this.#rate.request();
  }

  /** Stops permanently: a poll that is in progress starts nothing again. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soonTimer);
    this.#rate.stop();
    this.#eventRate.stop();
    this.#stopWaiting?.();
    this.stopWatching();
  }

  /** Stops the file watch before the directory is emptied. Interval polls continue. */
  stopWatching(): void {
    this.#isWatching = false;
    this.#wakeFile.stop();
    this.#events.stop();
  }

  /** Called before each poll. */
  beforePoll(): void {
    this.#changes.record(false, []);
    this.#events.markSeen();
    if (!this.#isLocal) refresh(this.#reach());
  }

  /** Called after a poll that found nothing to do. `isComplete`: every file that the watch needs was found. */
  afterQuietPoll(isComplete: boolean, files: readonly string[]): void {
    this.#changes.record(true, files, isComplete);
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

  /**
   * Returns whether a poll can leave the run's records unread. While nobody requests a run and the kernel reports its end, they
   * are read once a minute, because each reading writes to the ledger.
   */
  canDeferReading(): boolean {
    const isWoken = this.#isCovered && this.#stopWaiting !== undefined;
    const isDue = performance.now() - this.#readAt >= UNOBSERVED_MS;
    const mayDefer = isWoken && !isDue && !this.#load.isObserved;
    if (this.#isDeferring && this.#load.isObserved) this.#eventRate.reset(); // its pause may be a minute
    if (!mayDefer) this.#readAt = performance.now();
    this.#isDeferring = mayDefer;
    return mayDefer;
  }

  /** Whether the last poll left the records unread. */
  get isDeferring(): boolean {
    return this.#isDeferring;
  }

  /** Polls more often because the run is about to end, unless the kernel reports changes. */
  expectEnd(): void {
    if (!this.#isCovered && this.#endPolls++ < END_POLLS_MAX) this.#wakeIn(END_POLL_MS);
  }

  /** Requests another poll soon because a file has more content. */
  continueSoon(): void {
    this.#wakeIn(REST_MS);
  }

  /** Whether the kernel reports all changes of the run directory that matter. */
  get #isCovered(): boolean {
    const { isListening, isMissing } = this.#events;
    return this.#wakeFile.isListening && (isListening || isMissing || this.#eventRate.isWaiting);
  }

  #follow(): void {
    if (!this.#isWatching) return;
    this.#followedAt = performance.now();
    this.#wakeFile.follow();
    if (!this.#eventRate.isWaiting) this.#events.follow();
  }

  #wakeIn(ms: number): void {
    if (this.#isStopped) return;
    clearTimeout(this.#soonTimer);
    this.#soonTimer = setTimeout(() => this.#rate.request(), ms);
  }
}

function isOnLocalDisk(directory: string): boolean {
  try {
    return !fileSystemType(directory).network;
  } catch {
    return false; // cannot be examined now: use intervals
  }
}
