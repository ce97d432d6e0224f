import type { HeadJob, Process } from '../../contract/types.ts';
import { systemCode } from '../../errors.ts';
import type { LeaseLocation } from '../../stores/store.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { recordOrphanedJobs } from '../purge/orphaned-jobs.ts';
import type { PurgeHold } from '../purge/purge-hold.ts';
import { PurgeRetry } from '../purge/purge-retry.ts';
import { HeadRecords } from '../records/head-records.ts';
import { getRun, headJobOf, locationOf, type LeaseRow, type RunRow } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';
import { Cancellation } from './cancellation.ts';
import { parseProcess, readExitFile, readHeadProcess, type ExitFile } from './head-files.ts';
import { headOf } from './head-identity.ts';
import { resolveHeadJob } from './head-job-start.ts';
import { HeadLiveness } from './head-liveness.ts';
import { LaunchWatch } from './launch-watch.ts';
import { LeaseRenewal } from './lease-renewal.ts';
import { concludeOutcome, type Conclusion } from './outcome.ts';
import { UnknownLiveness } from './unknown-liveness.ts';
import { WakeUps } from './wake-ups.ts';

/** How long the watch searches for a head's log, in milliseconds. After that, the run counts as having none. */
const LOG_SEARCH_MS = 60_000;
/** Number of polls that fail because the run's records cannot be written. Later polls ignore such errors. */
const FAILED_READS_MAX = 5;

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
  readonly #headLiveness: HeadLiveness;
  readonly #unknown: UnknownLiveness;
  readonly #renewal: LeaseRenewal;
  readonly #cancellation: Cancellation;
  readonly #purge: PurgeRetry;
  readonly #wakeUps: WakeUps;
  #startedAt = 0;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #isStopped = false;
  #failedReads = 0;

  /** `lease`: the lease of the run directory. `onDone` is called once the run is purged. */
  constructor(deps: RunDependencies, run: RunRow, lease: LeaseRow, hold: PurgeHold, onDone: () => void) {
    const { target } = lease;
    const reach = (): string => deps.runDirectories.reach(target);
    this.#deps = deps;
    this.#id = run.id;
    this.#onDone = onDone;
    this.#records = new HeadRecords(deps, run, reach);
    this.#headLiveness = new HeadLiveness(deps, reach, () => monotonic(deps));
    this.#unknown = new UnknownLiveness(deps, run.id);
    this.#location = locationOf(lease);
    this.#launch = new LaunchWatch(deps, this.#location, this.#headLiveness, this.#unknown);
    this.#renewal = new LeaseRenewal(deps, run.id);
    this.#cancellation = new Cancellation(deps, reach);
    this.#purge = new PurgeRetry(deps, run.id, hold);
    this.#wakeUps = new WakeUps(reach, () => void this.poll());
  }

  /** A path that leads to the run directory now, even if it was moved. */
  get #directory(): string {
    return this.#deps.runDirectories.reach(this.#location.target);
  }

  /** Starts timers and file watchers, and polls for the first time. */
  start(): void {
    this.#startedAt = performance.now();
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
    const known = headJobOf(run);
    const head = this.#head(parseProcess(run.process), known);
    // With -bg, the head is first the launcher, then the process that the launcher leaves running.
    if (head !== undefined && run.process !== JSON.stringify(head)) {
      await write(this.#deps, 'head.record', (db) =>
        db
          .updateTable('runs')
          .set({ process: JSON.stringify(head) })
          .where('id', '=', run.id)
          .execute(),
      );
    }
    const resolved = await resolveHeadJob(this.#deps, run, known);
    const job = resolved === 'gone' ? known : resolved;
    const isForwarded = await this.#cancellation.forward(run, head, job);
    await this.#readRecords((records) => records.read(head));
    const exit = readExitFile(this.#directory, run.exit_digest);
    const launcher = parseProcess(run.launcher);
    let state = await this.#headLiveness.of({ head, job, launcher, hasExit: exit.status !== undefined });
    if (state === 'unknown' && resolved === 'gone') state = 'ended';
    this.#unknown.record(state === 'unknown');
    if (state !== 'ended') this.#wakeUps.waitForRelease();
    if (state === 'unknown') {
      // If the head were alive, it would have been seen and its leases renewed.
      if (!(await this.#unknown.hasExpired())) return;
    } else if (state === 'alive') {
      if (this.#records.end !== undefined) this.#wakeUps.expectEnd();
      return isForwarded ? this.#keepAlive() : this.#renewal.renewIfDue();
    }
    // If the head changed during this poll, the records of the new one must be read first.
    if (JSON.stringify(this.#head(head, known)) !== JSON.stringify(head)) return this.#pollOnce();
    await this.#conclude(run, head, job, exit);
  }

  async #conclude(
    run: RunRow,
    head: Process | undefined,
    job: HeadJob | undefined,
    seen: ExitFile,
  ): Promise<void> {
    // The shim writes `exit` before it releases the FIFO. Read it again now that no process holds the FIFO.
    const exit = seen.status === undefined ? readExitFile(this.#directory, run.exit_digest) : seen;
    await this.#readRecords((records) => records.readLast(head));
    const cancelRequested = (await getRun(this.#deps.ledger.db, run.id)).cancel_requested > 0;
    const { facts: log, end } = this.#records;
    const cached = job?.id == null ? undefined : this.#deps.jobStatus.status(job.executor, job.id);
    const evidence = {
      exitStatus: exit.status,
      isExitForged: exit.isForged,
      log,
      end,
      cancelRequested,
      job: cached,
      jobIsHead: job?.head,
    };
    await this.#end(concludeOutcome(evidence), exit.status);
  }

  #head(known: Process | undefined, job: HeadJob | undefined): Process | undefined {
    return headOf(this.#directory, known, readHeadProcess(this.#directory), job);
  }

  /** Reads the run's records. No content of a file may keep the watch from detecting the end of the run. */
  async #readRecords(read: (records: HeadRecords) => Promise<void>): Promise<void> {
    try {
      await read(this.#records);
      this.#failedReads = 0;
    } catch (error) {
      // A temporary ledger error loses nothing: the next poll reads the same lines again.
      if ((this.#failedReads += 1) <= FAILED_READS_MAX) throw error;
      this.#deps.log.error(
        { run: this.#id, code: systemCode(error), err: error },
        'cannot record the events of the run',
      );
    }
  }

  /** Renews the leases of a run that waits in a queue or runs. */
  async #keepAlive(): Promise<void> {
    await this.#renewal.renewIfDue();
    const isComplete = this.#records.hasLog || performance.now() - this.#startedAt > LOG_SEARCH_MS;
    this.#wakeUps.afterQuietPoll(isComplete, this.#records.files);
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
