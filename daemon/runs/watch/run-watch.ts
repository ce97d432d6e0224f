import { existsSync } from 'node:fs';
import type { HeadJob, Process } from '../../contract/types.ts';
import { systemCode } from '../../errors.ts';
import { revoke } from '../../run-directory/fence.ts';
import { runFile } from '../../run-directory/layout.ts';
import type { LeaseLocation } from '../../stores/store.ts';
import { restoreOwnerAccess } from '../../system/files/restore-owner-access.ts';
import { liveness } from '../../system/processes/process-identity.ts';
import { step } from '../../system/steps.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { recordOrphanedJobs } from '../purge/orphaned-jobs.ts';
import type { PurgeHold } from '../purge/purge-hold.ts';
import { PurgeRetry } from '../purge/purge-retry.ts';
import { HeadRecords } from '../records/head-records.ts';
import { getRun, headJobOf, locationOf, type LeaseRow, type RunRow } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';
import { Cancellation } from './cancellation.ts';
import { parseProcess, readExitStatus, readHeadProcess } from './head-files.ts';
import { cancelJob, checkHeadJob, resolveHeadJob } from './head-job-start.ts';
import { HeadLiveness } from './head-liveness.ts';
import { LeaseRenewal } from './lease-renewal.ts';
import { concludeOutcome, type Conclusion } from './outcome.ts';
import { UnknownLiveness } from './unknown-liveness.ts';
import { WakeUps } from './wake-ups.ts';

/** How long a head's log is searched for before the run counts as having none, in milliseconds. */
const LOG_SEARCH_MS = 60_000;

/**
 * Watches one run from its materialization to its purge: the files that the shim writes, the FIFO that nextflow holds, its
 * log and its trace. Everything it knows is on disk: after the daemon is killed, another watch continues.
 */
export class RunWatch {
  readonly #deps: RunDependencies;
  readonly #id: string;
  readonly #location: LeaseLocation;
  readonly #directory: string;
  readonly #onDone: () => void;
  readonly #records: HeadRecords;
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

  /** `lease`: of the run directory. `onDone` is called once the run is purged. */
  constructor(deps: RunDependencies, run: RunRow, lease: LeaseRow, hold: PurgeHold, onDone: () => void) {
    const { target: directory } = lease;
    this.#deps = deps;
    this.#id = run.id;
    this.#location = locationOf(lease);
    this.#directory = directory;
    this.#onDone = onDone;
    this.#records = new HeadRecords(deps, run, directory);
    this.#headLiveness = new HeadLiveness(deps, directory, () => monotonic(deps));
    this.#unknown = new UnknownLiveness(deps, run.id);
    this.#renewal = new LeaseRenewal(deps, run.id);
    this.#cancellation = new Cancellation(deps, directory);
    this.#purge = new PurgeRetry(deps, run.id, hold);
    this.#wakeUps = new WakeUps(directory);
  }

  /** Starts timers and file watchers, and polls for the first time. */
  start(): void {
    this.#startedAt = performance.now();
    restoreOwnerAccess(this.#directory);
    this.#deps.runDirectories.hold(this.#location);
    const wake = (): void => void this.poll();
    this.#wakeUps.start(wake, () => this.#records.files);
    wake();
  }

  /**
   * Polls now. If the run has ended, this resolves after its purge was tried. Polls run one after another; one that has not
   * begun serves all callers.
   */
  poll(): Promise<void> {
    this.#next ??= this.#current.then(async () => {
      this.#next = undefined;
      if (this.#isStopped) return;
      try {
        await this.#pollOnce();
      } catch (error) {
        // The next poll tries again: an error of the disk or the ledger must not end the watch of a live run.
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
    restoreOwnerAccess(this.#directory); // a task may have changed its mode
    this.#wakeUps.beforePoll();
    if (run.state === 'materialized') await this.#pollLaunch(run);
    else if (run.state === 'running') await this.#pollHead(run);
    else if (run.state === 'ended') await this.#tryPurge();
    else await this.#close();
  }

  async #pollLaunch(run: RunRow): Promise<void> {
    if (existsSync(runFile(this.#directory, 'started'))) {
      await write(this.#deps, 'run.record-running', (db) =>
        moveRun(db, run.id, 'running', { started_at: now(this.#deps) }),
      );
      return this.#pollOnce();
    }
    const job = headJobOf(run);
    if (job?.head === true && job.name !== null) return this.#pollHeadJob(run, job);
    const late = run.launch_deadline < now(this.#deps);
    const cancelled = run.cancel_requested > 0;
    if (!late && !cancelled && liveness(JSON.parse(run.launcher) as Process) !== 'ended') return;
    await this.#callOff(
      cancelled
        ? { outcome: 'cancelled', evidence: 'before it was started' }
        : {
            outcome: 'aborted',
            evidence: late ? 'not started in time' : 'its launcher ended before it was started',
          },
    );
  }

  async #pollHeadJob(run: RunRow, job: HeadJob): Promise<void> {
    const found = await checkHeadJob(this.#deps, run, job);
    this.#unknown.record(found === 'wait');
    if (found === 'renew') return this.#keepAlive();
    if (found !== 'wait') return this.#callOff(found, job);
    if (await this.#unknown.hasExpired())
      await this.#callOff(
        {
          outcome: 'aborted',
          evidence: 'its scheduler reported nothing about its job until its leases expired',
        },
        job,
      );
  }

  /** Fence: exactly one process renames `armed`. If that was the shim, the run is running, and the next poll finds that. */
  async #callOff(conclusion: Conclusion, job?: HeadJob): Promise<void> {
    const { faults, runDirectories } = this.#deps;
    if (!(await step(faults, 'fence.revoke', () => revoke(runDirectories, this.#location)))) return;
    try {
      if (job !== undefined) await cancelJob(this.#deps, job);
    } catch (error) {
      // Secrets are not kept for its sake: should the job begin, it finds the fence revoked, and ends.
      this.#deps.log.warn(
        { run: this.#id, err: error },
        'cannot cancel the job of a run that was called off',
      );
    }
    await this.#end(conclusion);
  }

  async #pollHead(run: RunRow): Promise<void> {
    const head = readHeadProcess(this.#directory) ?? parseProcess(run.process);
    // With -bg, the head is first the launcher, and then the process that it leaves behind.
    if (head !== undefined && run.process !== JSON.stringify(head)) {
      await write(this.#deps, 'head.record', (db) =>
        db
          .updateTable('runs')
          .set({ process: JSON.stringify(head) })
          .where('id', '=', run.id)
          .execute(),
      );
    }
    const known = headJobOf(run);
    const resolved = await resolveHeadJob(this.#deps, run, known);
    const job = resolved === 'gone' ? known : resolved;
    const isForwarded = await this.#cancellation.forward(run, head, job);
    await this.#records.read(head);
    const exitStatus = readExitStatus(this.#directory);
    let state =
      exitStatus === undefined ? this.#headLiveness.of(head, job, parseProcess(run.launcher)) : 'ended';
    if (state === 'unknown' && resolved === 'gone') state = 'ended';
    this.#unknown.record(state === 'unknown');
    if (state === 'unknown') {
      // A live head would have been seen, and its leases renewed, before they expired.
      if (!(await this.#unknown.hasExpired())) return;
    } else if (state === 'alive') {
      this.#wakeUps.waitForRelease();
      if (this.#records.end !== undefined) this.#wakeUps.expectEnd();
      return isForwarded ? this.#keepAlive() : this.#renewal.renewIfDue();
    }
    // If another process became the head during this poll, its records have to be read first.
    const latest = readHeadProcess(this.#directory);
    if (latest !== undefined && JSON.stringify(latest) !== JSON.stringify(head)) return this.#pollOnce();
    await this.#conclude(run, head, job, exitStatus);
  }

  async #conclude(
    run: RunRow,
    head: Process | undefined,
    job: HeadJob | undefined,
    exitStatus: number | undefined,
  ): Promise<void> {
    // The shim writes `exit` before it releases the FIFO: read again, now that no process holds it.
    const status = exitStatus ?? readExitStatus(this.#directory);
    await this.#records.read(head);
    const cancelRequested = (await getRun(this.#deps.ledger.db, run.id)).cancel_requested > 0;
    const { facts: log, end } = this.#records;
    const cached = job?.id == null ? undefined : this.#deps.jobStatus.status(job.executor, job.id);
    const evidence = {
      exitStatus: status,
      log,
      end,
      cancelRequested,
      job: cached,
      jobIsHead: job?.head,
    };
    await this.#end(concludeOutcome(evidence), status);
  }

  /** The run waits in a queue or runs: only its leases have to be renewed. */
  async #keepAlive(): Promise<void> {
    await this.#renewal.renewIfDue();
    const isComplete = this.#records.hasLog || performance.now() - this.#startedAt > LOG_SEARCH_MS;
    this.#wakeUps.afterQuietPoll(isComplete, this.#records.files);
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
   * On NFS and FUSE, a file that is unlinked while we have it open keeps its directory: so our files are closed first. Nor do
   * we want to hear of each file that we remove.
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
