import { systemCode } from '../errors.ts';
import { monotonic, type RunDependencies } from './dependencies.ts';
import { endUnlaunched } from './materialize/probe-run.ts';
import { refreshOrphanedJobs } from './purge/orphaned-jobs.ts';
import { pruneRuns } from './purge/prune.ts';
import { purgeRun } from './purge/purge.ts';
import { CONFIRM_MS, StrayDirectoryScan } from './purge/stray-directory-scan.ts';
import { getRun, unfinishedRuns } from './records/queries.ts';
import type { RunWatches } from './watches.ts';

/** Interval between rounds, which handle runs without a watch: a failed abort, or a watch that could not start. */
const ROUND_MS = 30_000;
/** Interval between listings of all run directories. The first listing happens when the daemon starts. */
const SCAN_INTERVAL_MS = 3600 * 1000;
const PRUNE_INTERVAL_MS = 24 * 3600 * 1000;

/** Options of the maintenance. */
export interface MaintenanceOptions {
  /** Retention of purged runs in days. 0 keeps them forever. */
  readonly keepDays?: number;
  /** Interval between two rounds, in milliseconds. */
  readonly roundMs?: number | undefined;
}

/** Adopts live runs and completes interrupted steps, in rounds. Recovery removes; it never creates. */
export class Maintenance {
  readonly #deps: RunDependencies;
  readonly #watches: RunWatches;
  /** Runs that are being materialized now. Any other run in state `created` was abandoned. */
  readonly #materializing: ReadonlySet<string>;
  readonly #scan: StrayDirectoryScan;
  readonly #keepDays: number;
  readonly #roundMs: number;
  #timer: NodeJS.Timeout | undefined;
  #unwatched = 0;
  /** The round in progress. It prevents a second concurrent round. */
  #round: Promise<void> | undefined;
  #prunedAt = -Infinity;
  #scanAt = -Infinity;

  constructor(
    deps: RunDependencies,
    watches: RunWatches,
    materializing: ReadonlySet<string>,
    { keepDays = 0, roundMs = ROUND_MS }: MaintenanceOptions,
  ) {
    this.#deps = deps;
    this.#watches = watches;
    this.#materializing = materializing;
    this.#scan = new StrayDirectoryScan(deps);
    this.#keepDays = keepDays;
    this.#roundMs = roundMs;
  }

  /** Number of open runs without a watch in the last round. */
  get unwatched(): number {
    return this.#unwatched;
  }

  /** Watches every run that is not purged. Reads only the ledger, so that the daemon starts without delay. */
  async adopt(): Promise<void> {
    for (const run of await unfinishedRuns(this.#deps.ledger.db))
      if (run.state !== 'created' && !this.#watches.has(run.id))
        await this.#attempt(`run ${run.id}`, () => this.#watches.add(run));
  }

  /** Starts the rounds. Idempotent. Resolves after the first one, which can take minutes if AWS or a scheduler does not respond. */
  async start(): Promise<void> {
    this.#timer ??= setInterval(() => void this.#runRound(), this.#roundMs);
    await this.#runRound();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #runRound(): Promise<void> {
    this.#round ??= this.#finishPending()
      .catch((error: unknown) => {
        this.#deps.log.error({ err: error }, 'maintenance round failed; the next round retries');
      })
      .finally(() => (this.#round = undefined));
    await this.#round;
  }

  async #finishPending(): Promise<void> {
    await this.adopt();
    // Query again: adopted runs may have ended in the meantime.
    const open = (await unfinishedRuns(this.#deps.ledger.db)).filter(
      ({ id }) => !this.#watches.has(id) && !this.#materializing.has(id),
    );
    this.#unwatched = open.length;
    for (const run of open)
      await this.#attempt(`run ${run.id}`, async () => {
        if (run.state === 'created') await this.abort(run.id);
        // A probe run has no head to watch, but its leases must be removed.
        else if (run.state === 'ended') await purgeRun(this.#deps, run.id);
      });
    await this.#attempt('orphaned jobs', () => refreshOrphanedJobs(this.#deps));
    if (monotonic(this.#deps) >= this.#scanAt) {
      this.#scanAt = monotonic(this.#deps) + SCAN_INTERVAL_MS;
      await this.#attempt('run directories', async () => {
        if (await this.#scan.scan()) this.#scanAt = monotonic(this.#deps) + CONFIRM_MS;
      });
    }
    if (this.#keepDays > 0 && performance.now() - this.#prunedAt > PRUNE_INTERVAL_MS) {
      this.#prunedAt = performance.now();
      await this.#attempt('old runs', () => pruneRuns(this.#deps, this.#keepDays));
    }
  }

  /** Aborts a run that a dead daemon was materializing. No command received a reply, so nobody can start the run. */
  async abort(id: string): Promise<void> {
    await endUnlaunched(this.#deps, id, 'aborted', 'the daemon stopped while it materialized the run');
    const after = await getRun(this.#deps.ledger.db, id);
    if (after.state !== 'purged') await this.#watches.add(after);
  }

  /** Logs a failure, so that it does not stop the rest of the round. The next round retries. */
  async #attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = systemCode(error);
      this.#deps.log.error({ what, code, err: error }, 'maintenance failed; the next round retries');
    }
  }
}
