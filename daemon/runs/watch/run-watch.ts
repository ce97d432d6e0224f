import { systemCode } from '../../errors.ts';
import type { LeaseLocation } from '../../stores/store.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { recordOrphanedJobs } from '../purge/orphaned-jobs.ts';
import type { PurgeHold } from '../purge/purge-hold.ts';
import { PurgeRetry } from '../purge/purge-retry.ts';
import { HeadRecords } from '../records/head-records.ts';
import { getRun, locationOf, type LeaseRow, type RunRow } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';
import { HeadLiveness } from './head-liveness.ts';
import { HeadWatch } from './head-watch.ts';
import { LaunchWatch } from './launch-watch.ts';
import { LeaseRenewal } from './lease-renewal.ts';
import type { Conclusion } from './outcome.ts';
import { UnknownLiveness } from './unknown-liveness.ts';
import { WakeUps } from './wake-ups.ts';
import type { Load } from './watch-load.ts';

/** A watch without others. */
const ALONE: Load = {
  watching: 1,
  isObserved: true,
  takeTurn: (work) => {
    work();
  },
};

/**
 * Watches one run from its materialization to its purge: the shim's files, the FIFO that Nextflow holds, the log and the
 * trace. Its state is on disk, so that another daemon can continue the watch.
 */
export class RunWatch {
  readonly #deps: RunDependencies;
  readonly #id: string;
  readonly #location: LeaseLocation;
  readonly #onDone: () => void;
  readonly #records: HeadRecords;
  readonly #launch: LaunchWatch;
  readonly #headWatch: HeadWatch;
  readonly #renewal: LeaseRenewal;
  readonly #purge: PurgeRetry;
  readonly #wakeUps: WakeUps;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isStopped = false;

  /**
   * `lease`: the lease of the run directory. `onDone` is called once the run is purged. `load`: what the watches of all runs
   * share.
   */
  constructor(
    deps: RunDependencies,
    run: RunRow,
    lease: LeaseRow,
    hold: PurgeHold,
    onDone: () => void,
    load: Load = ALONE,
  ) {
    const { target } = lease;
    const reach = (): string => deps.runDirectories.reach(target);
    this.#deps = deps;
    this.#id = run.id;
    this.#onDone = onDone;
    this.#records = new HeadRecords(deps, run, reach);
    this.#location = locationOf(lease);
    this.#renewal = new LeaseRenewal(deps, run.id);
    this.#purge = new PurgeRetry(deps, run.id, hold);
    this.#wakeUps = new WakeUps(reach, () => void this.poll(), load);
    const headLiveness = new HeadLiveness(deps, reach, () => monotonic(deps));
    const unknown = new UnknownLiveness(deps, run.id);
    const [records, wakeUps] = [this.#records, this.#wakeUps];
    this.#launch = new LaunchWatch(deps, this.#location, headLiveness, unknown);
    this.#headWatch = new HeadWatch(deps, { reach, records, headLiveness, unknown, wakeUps });
  }

  /** Starts timers and file watchers, and polls for the first time. */
  start(): void {
    const { runDirectories } = this.#deps;
    runDirectories.restoreAccess(this.#location.target);
    runDirectories.hold(this.#location);
    this.#wakeUps.start(() => this.#records.files);
  }

  /**
   * Polls now. If the run has ended, resolves after the first purge attempt. Polls run in sequence. Concurrent calls share
   * the next poll.
   */
  poll(): Promise<void> {
    this.#next ??= this.#current.then(async () => {
      this.#next = undefined;
      if (this.#isStopped) return;
      try {
        await this.#pollOnce();
      } catch (error) {
        // The next poll retries. A disk or ledger error must not end the watch of a live run.
        this.#deps.log.error({ run: this.#id, code: systemCode(error), err: error }, 'cannot poll run');
      }
    });
    return (this.#current = this.#next);
  }

  /** Whether the last poll left the run's records unread, because nobody requested a run. */
  get isDeferring(): boolean {
    return this.#wakeUps.isDeferring;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wakeUps.stop();
    this.#records.close();
  }

  async #pollOnce(): Promise<void> {
    const run = await getRun(this.#deps.ledger.db, this.#id);
    this.#deps.runDirectories.restoreAccess(this.#location.target); // a task may have changed its mode
    this.#wakeUps.beforePoll();
    if (run.state === 'materialized') await this.#pollLaunch(run);
    else if (run.state === 'running') await this.#pollHead(run);
    else if (run.state === 'ended') await this.#tryPurge();
    else await this.#close();
  }

  async #pollLaunch(run: RunRow): Promise<void> {
    const state = await this.#launch.poll(run);
    if (state === 'wait') return;
    if (state === 'renew') return this.#keepAlive();
    if (state !== 'started') return this.#end(state);
    await write(this.#deps, 'run.record-running', (db) =>
      moveRun(db, this.#id, 'running', { started_at: now(this.#deps) }),
    );
    return this.#pollOnce();
  }

  async #pollHead(run: RunRow): Promise<void> {
    const state = await this.#headWatch.poll(run);
    if (state === 'wait') return;
    if (state === 'alive') return this.#keepAlive();
    if (state === 'cancelling') return this.#renewal.renewIfDue();
    if (state === 'changed') return this.#pollOnce();
    await this.#end(state.conclusion, state.exitStatus);
  }

  /** Renews the leases of a run that waits in a queue or runs. */
  async #keepAlive(): Promise<void> {
    await this.#renewal.renewIfDue();
    this.#wakeUps.afterQuietPoll(this.#records.hasLog, this.#records.files);
    if (this.#records.isBehind) this.#wakeUps.continueSoon();
  }

  async #end({ outcome, evidence }: Conclusion, exitStatus?: number): Promise<void> {
    const change = {
      outcome,
      outcome_evidence: evidence,
      exit_status: exitStatus ?? null,
      ended_at: now(this.#deps),
    };
    await write(this.#deps, 'run.record-ended', async (db) => {
      await moveRun(db, this.#id, 'ended', change);
      await recordOrphanedJobs(this.#deps, db, this.#id, outcome);
    });
    await this.#tryPurge();
  }

  /**
   * Purges the run. Closes our files first: on NFS and FUSE, an unlinked file that is still open keeps its directory. Stops
   * the file watch too, because the purge itself would trigger it.
   */
  async #tryPurge(): Promise<void> {
    const release = (): void => {
      this.#records.close();
      this.#wakeUps.stopWatching();
    };
    if (await this.#purge.tryIfDue(release)) await this.#close();
  }

  async #close(): Promise<void> {
    await this.stop();
    this.#onDone();
  }
}
