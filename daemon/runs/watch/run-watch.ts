import { existsSync, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { Process, HeadJob } from '../../contract/types.ts';
import { validate } from '../../contract/validate.ts';
import { systemCode } from '../../errors.ts';
import { fifoState, whenReleased } from '../../system/files/fifo.ts';
import { restoreOwnerAccess } from '../../system/files/restore-owner-access.ts';
import { liveness } from '../../system/processes/process-identity.ts';
import { step } from '../../system/steps.ts';
import { readFileNoFollow } from '../../system/files/read-regular-file.ts';
import type { LeaseLocation } from '../../stores/store.ts';
import { isOnNetwork, refresh, watchOf } from './directory-watch.ts';
import { Cancellation } from './cancellation.ts';
import { isMissing, revoke } from '../../run-directory/fence.ts';
import { HeadRecords } from '../records/head-records.ts';
import { cancelJob, checkHeadJob, resolveHeadJob } from './head-job-start.ts';
import { HeadLiveness } from './head-liveness.ts';
import { LeaseRenewal } from './lease-renewal.ts';
import { monotonic, now, write, type RunDependencies } from '../dependencies.ts';
import { concludeOutcome, type Conclusion } from './outcome.ts';
import type { PurgeHold } from '../purge/purge-hold.ts';
import { recordOrphanedJobs } from '../purge/orphaned-jobs.ts';
import { purgeRun } from '../purge/purge.ts';
import { ChangeDetector } from './change-detector.ts';
import { getRun, headJobOf, leasesOf, type LeaseRow, type RunRow } from '../records/queries.ts';
import { moveRun } from '../records/states.ts';

/** What inotify misses (network file systems, a lost event) is seen by looking at this interval. */
const LOOK_EVERY_MS = 2000;
/**
 * A clock that is set makes leases look old. So long, by a clock that nobody sets, a shim that is out of sight may take to
 * be seen counting, before the expiry of its leases is believed.
 */
const UNKNOWN_MS = 5 * 60_000;
/** Once the plugin has told the end, the head's own is near. Only where the files do not tell it by themselves. */
const LOOK_AT_END_MS = 200;
/** A head may hang at its end; it is not to be looked for so often for ever. */
const LOOKS_AT_END = 150;
/** What goes on all the time, and what is only being written. */
const UNTOLD = /^heartbeat$|\.new$/;
/** A head's log is looked for so long: then it has none that we would find. */
const LOG_MS = 60_000;
/** The longest pause between two tries of a removal. */
const PAUSE_MAX_MS = 5 * 60_000;
/** The shim writes much less; a task that fills its run's directory must not fill our memory. */
const FILE_MAX = 4096;

/**
 * Watches one run from its placing to its purge: the files that the shim writes, the FIFO that nextflow holds, its log
 * and its trace. Everything it knows is on disk, so a daemon that was killed is replaced by another watch.
 */
export class RunWatch {
  readonly #deps: RunDependencies;
  readonly #heldBack: PurgeHold;
  readonly #id: string;
  readonly #place: LeaseLocation;
  readonly #directory: string;
  readonly #records: HeadRecords;
  readonly #life: HeadLiveness;
  readonly #renewals: LeaseRenewal;
  /** Absent on network file systems: the kernel tells nothing of what other hosts write. */
  readonly #files: FSWatcher | undefined;
  readonly #quiet: ChangeDetector;
  readonly #timer: NodeJS.Timeout;
  #stopWaiting: (() => void) | undefined;
  #looking: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  readonly #cancellation: Cancellation;
  #done = false;
  /** Since when nobody can tell whether the head lives, by a clock that nobody sets. */
  #unknownSince: number | undefined;
  #soon: NodeJS.Timeout | undefined;
  #looksAtEnd = 0;
  readonly #began = performance.now();
  /** Of a purge that failed: how long to wait, and until when, by a clock that nobody sets. */
  #pause = 0;
  #tryAfter = 0;

  /** `lease`: that of its run directory. */
  constructor(deps: RunDependencies, run: RunRow, lease: LeaseRow, heldBack: PurgeHold, onDone: () => void) {
    const { target: directory, locator, sent_at: sentAt } = lease;
    this.#deps = deps;
    this.#heldBack = heldBack;
    this.#id = run.id;
    this.#place = { target: directory, locator, sentAt };
    this.#directory = directory;
    this.#records = new HeadRecords(deps, run, directory);
    this.onDone = onDone;
    this.#life = new HeadLiveness(deps, directory, () => monotonic(deps));
    this.#renewals = new LeaseRenewal(deps, run.id);
    this.#cancellation = new Cancellation(deps, directory);
    const wake = (): void => void this.poll();
    restoreOwnerAccess(directory);
    this.#files = isOnNetwork(directory)
      ? undefined
      : watchOf(directory, (name) => {
          if (name === null || !UNTOLD.test(name)) wake();
        });
    this.#quiet = new ChangeDetector(directory, this.#files !== undefined);
    this.#timer = setInterval(() => {
      if (!this.#quiet.isUnchanged(this.#records.files)) wake();
    }, LOOK_EVERY_MS);
    wake();
  }

  private readonly onDone: () => void;

  /**
   * Looks now; when the run has ended, this resolves after its purge was tried. Looks are made one after another, and
   * one that has not begun serves all who ask for it.
   */
  poll(): Promise<void> {
    this.#next ??= this.#looking.then(async () => {
      this.#next = undefined;
      if (this.#done) return;
      try {
        await this.#lookOnce();
      } catch (error) {
        // The next look tries again: an error of the disk or the ledger must not end the watch of a live run.
        this.#deps.log.error({ run: this.#id, code: systemCode(error), err: error }, 'look failed');
      }
    });
    return (this.#looking = this.#next);
  }

  async stop(): Promise<void> {
    this.#done = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#stopWaiting?.();
    this.#records.close();
    this.#files?.close();
  }

  async #lookOnce(): Promise<void> {
    const run = await getRun(this.#deps.ledger.db, this.#id);
    this.#quiet.record(false, []);
    restoreOwnerAccess(this.#directory); // a task can reach it, and close it
    if (this.#files === undefined) refresh(this.#directory);
    if (run.state === 'materialized') await this.#lookForStart(run);
    else if (run.state === 'running') await this.#lookAtHead(run);
    else if (run.state === 'ended') await this.#finish();
    else await this.#close();
  }

  async #lookForStart(run: RunRow): Promise<void> {
    if (existsSync(this.#path('started'))) {
      await write(this.#deps, 'run.record-running', (db) =>
        moveRun(db, run.id, 'running', { started_at: now(this.#deps) }),
      );
      return this.#lookOnce();
    }
    const job = headJobOf(run);
    if (job?.head === true && job.name !== null) return this.#lookForJob(run, job);
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

  async #lookForJob(run: RunRow, job: HeadJob): Promise<void> {
    const found = await checkHeadJob(this.#deps, run, job);
    this.#noteUnknown(found === 'wait');
    if (found === 'renew') return this.#isWell();
    if (found !== 'wait') return this.#callOff(found, job);
    if (await this.#expired())
      await this.#callOff(
        { outcome: 'aborted', evidence: 'its scheduler told nothing of its job until its leases ran out' },
        job,
      );
  }

  /** Fence: one of us renames `armed`. If the shim was faster, it is running, and the next look sees that. */
  async #callOff(conclusion: Conclusion, job?: HeadJob): Promise<void> {
    const { faults, runDirectories } = this.#deps;
    if (!(await step(faults, 'fence.revoke', () => revoke(runDirectories, this.#place)))) return;
    try {
      if (job !== undefined) await cancelJob(this.#deps, job);
    } catch (error) {
      // Nothing keeps secrets for its sake: should it begin, it finds the fence closed, and ends.
      this.#deps.log.warn({ run: this.#id, err: error }, 'a job that was called off could not be cancelled');
    }
    await this.#end(conclusion);
  }

  async #lookAtHead(run: RunRow): Promise<void> {
    const head = this.#readProcess() ?? processOf(run.process);
    // With -bg it is first the launcher, and then what that has left behind.
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
    const named = await resolveHeadJob(this.#deps, run, known);
    const job = named === 'gone' ? known : named;
    const asked = await this.#cancellation.forward(run, head, job);
    await this.#records.read(head);
    const exitStatus = this.#readExit();
    let life = exitStatus === undefined ? this.#life.of(head, job, processOf(run.launcher)) : 'ended';
    if (life === 'unknown' && named === 'gone') life = 'ended';
    this.#noteUnknown(life === 'unknown');
    if (life === 'unknown') {
      // Nobody here can tell. A live head would have been seen, and its leases moved on, before they ran out.
      if (!(await this.#expired())) return;
    } else if (life === 'alive') {
      this.#waitForEnd();
      if (this.#records.end !== undefined) this.#lookSoon();
      return asked ? this.#isWell() : this.#renewals.renewIfDue();
    }
    // It started, or with -bg moved on, while we looked: what it wrote is found by its process.
    const latest = this.#readProcess();
    if (latest !== undefined && JSON.stringify(latest) !== JSON.stringify(head)) return this.#lookOnce();
    // The shim writes `exit` before it lets go of the FIFO: read again, now that nobody holds it.
    const status = exitStatus ?? this.#readExit();
    await this.#records.read(head);
    const cancelRequested = (await getRun(this.#deps.ledger.db, run.id)).cancel_requested > 0;
    const { facts: log, end } = this.#records;
    const word = job?.id == null ? undefined : this.#deps.jobStatus.status(job.executor, job.id);
    const evidence = {
      exitStatus: status,
      log,
      end,
      cancelRequested,
      job: word?.state,
      jobIsHead: job?.head,
    };
    await this.#end(concludeOutcome(evidence), status);
  }

  /** Wakes at once when the head lets go of the FIFO. Where nobody holds it, there is only the looking now and then. */
  #waitForEnd(): void {
    if (fifoState(this.#path('alive')) !== 'held') return;
    this.#stopWaiting ??= whenReleased(this.#path('alive'), () => {
      this.#stopWaiting = undefined;
      void this.poll();
    });
  }

  #lookSoon(): void {
    if (this.#files !== undefined || this.#looksAtEnd++ >= LOOKS_AT_END) return;
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => void this.poll(), LOOK_AT_END_MS);
  }

  #noteUnknown(isUnknown: boolean): void {
    this.#unknownSince = isUnknown ? (this.#unknownSince ?? monotonic(this.#deps)) : undefined;
  }

  async #expired(): Promise<boolean> {
    if (monotonic(this.#deps) - (this.#unknownSince ?? Infinity) < UNKNOWN_MS) return false;
    const leases = await leasesOf(this.#deps.ledger.db, this.#id);
    return leases.every(({ expires_at }) => expires_at < now(this.#deps));
  }

  /** It waits in its queue or runs, and there is nothing to do but to keep its leases. */
  async #isWell(): Promise<void> {
    await this.#renewals.renewIfDue();
    this.#quiet.record(this.#records.hasLog || performance.now() - this.#began > LOG_MS, this.#records.files);
  }

  async #end({ outcome, evidence }: ReturnType<typeof concludeOutcome>, exitStatus?: number): Promise<void> {
    const change = {
      outcome,
      outcome_evidence: evidence,
      exit_status: exitStatus ?? null,
      ended_at: now(this.#deps),
    };
    await write(this.#deps, 'run.record-ended', async (db) => {
      await moveRun(db, this.#id, 'ended', change);
      await recordOrphanedJobs(db, this.#id);
    });
    await this.#finish();
  }

  /** Tries the purge; one that fails is tried again after longer and longer, for as long as it takes. */
  async #finish(): Promise<void> {
    if (monotonic(this.#deps) < this.#tryAfter) return;
    if (await this.#heldBack.applies(this.#id)) return;
    // On NFS and FUSE a file that is removed while we have it open lives on under another name, and its directory too.
    this.#records.close();
    try {
      await purgeRun(this.#deps, this.#id);
    } finally {
      // Also where it could not even be noted: each try holds up what else waits for the ledger.
      this.#pause = Math.min(Math.max(this.#pause * 2, LOOK_EVERY_MS), PAUSE_MAX_MS);
      this.#tryAfter = monotonic(this.#deps) + this.#pause;
    }
    if ((await getRun(this.#deps.ledger.db, this.#id)).state === 'purged') await this.#close();
  }

  async #close(): Promise<void> {
    await this.stop();
    this.onDone();
  }

  #readProcess(): Process | undefined {
    try {
      return validate<'Process'>('process.json', processOf(this.#read('process') ?? null));
    } catch {
      return undefined; // not there, or spoilt: a task can reach this directory. The ledger may know it.
    }
  }

  #readExit(): number | undefined {
    const text = this.#read('exit')?.trim();
    return text !== undefined && /^[0-9]{1,3}$/.test(text) ? Number(text) : undefined;
  }

  #read(name: string): string | undefined {
    try {
      return readFileNoFollow(this.#path(name), FILE_MAX)?.toString('utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

function processOf(text: string | null): Process | undefined {
  return text === null ? undefined : (JSON.parse(text) as Process);
}
