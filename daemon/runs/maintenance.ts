import { systemCode } from '../errors.ts';
import { monotonic, type RunDependencies } from './dependencies.ts';
import { endUnlaunched } from './materialize/probe-run.ts';
import { refreshOrphanedJobs } from './purge/orphaned-jobs.ts';
import { pruneRuns } from './purge/prune.ts';
import { purgeRun } from './purge/purge.ts';
import { CONFIRM_MS, StrayDirectoryScan } from './purge/stray-directory-scan.ts';
import { getRun, unfinishedRuns, type RunRow } from './records/queries.ts';
import type { RunWatches } from './watches.ts';

/** How often runs without a watch are looked for: those that could not be called off, or not be watched. */
const ROUND_MS = 30_000;
/** How often all run directories are listed, besides the start of a daemon. */
const SCAN_INTERVAL_MS = 3600 * 1000;
const PRUNE_INTERVAL_MS = 24 * 3600 * 1000;

/** What can be configured of the maintenance. */
export interface MaintenanceOptions {
  /** How long purged runs are kept, in days; 0: forever. */
  readonly keepDays?: number;
  /** Between two rounds, in milliseconds. */
  readonly roundMs?: number | undefined;
}

/** Adopts live runs and finishes half-done steps, in rounds. Recovery removes; it never creates. */
export class Maintenance {
  readonly #deps: RunDependencies;
  readonly #watches: RunWatches;
  /** Runs that are being materialized at this moment: any other run in state `created` was abandoned. */
  readonly #materializing: ReadonlySet<string>;
  readonly #scan: StrayDirectoryScan;
  readonly #keepDays: number;
  readonly #roundMs: number;
  #timer: NodeJS.Timeout | undefined;
  #unwatched = 0;
  /** The round in progress: a second one would do the same concurrently. */
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

  /** How many open runs without a watch the last round found. */
  get unwatched(): number {
    return this.#unwatched;
  }

  /** Watches every run that is not purged. Reads only the ledger, so that nothing delays the start of a daemon. */
  async adopt(): Promise<void> {
    for (const run of await unfinishedRuns(this.#deps.ledger.db))
      if (run.state !== 'created' && !this.#watches.has(run.id))
        await this.#attempt(`run ${run.id}`, () => this.#watches.add(run));
  }

  /** Starts the rounds; resolves after the first one, which may take minutes where AWS or a scheduler does not answer. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#runRound(), this.#roundMs);
    await this.#runRound();
  }

  stop(): void {
    clearInterval(this.#timer);
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
    // Read again: runs that were adopted may have ended in the meantime.
    const open = (await unfinishedRuns(this.#deps.ledger.db)).filter(
      ({ id }) => !this.#watches.has(id) && !this.#materializing.has(id),
    );
    this.#unwatched = open.length;
    for (const run of open)
      await this.#attempt(`run ${run.id}`, async () => {
        if (run.state === 'created') await this.#abort(run);
        // A probe run has no head to watch, but its leases have to be removed.
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

  /** Its daemon died while it was materialized: no command received an answer, so none can start it. */
  async #abort({ id }: RunRow): Promise<void> {
    await endUnlaunched(this.#deps, id, 'aborted', 'the daemon ended while it materialized the run');
    const after = await getRun(this.#deps.ledger.db, id);
    if (after.state !== 'purged') await this.#watches.add(after);
  }

  /** A failure is retried in the next round and does not stop the rest of this one. */
  async #attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = systemCode(error);
      this.#deps.log.error({ what, code, err: error }, 'maintenance failed; the next round retries');
    }
  }
}
