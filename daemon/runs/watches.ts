import { RunWatch } from './watch/run-watch.ts';
import { WatchLoad } from './watch/watch-load.ts';
import type { RunDependencies } from './dependencies.ts';
import type { PurgeHold } from './purge/purge-hold.ts';
import { headJobOf, leasesOf, type RunRow } from './records/queries.ts';

/** The watches of all runs that are not purged, at most one per run. */
export class RunWatches {
  readonly #deps: RunDependencies;
  readonly #hold: PurgeHold;
  readonly #watches = new Map<string, RunWatch>();
  readonly #load: WatchLoad;

  constructor(deps: RunDependencies, hold: PurgeHold) {
    this.#deps = deps;
    this.#hold = hold;
    this.#load = new WatchLoad(deps, () => this.size);
  }

  get size(): number {
    return this.#watches.size;
  }

  has(run: string): boolean {
    return this.#watches.has(run);
  }

  /** Starts to watch a run. Does nothing if the run is watched already, or has no run directory and therefore no head. */
  async add(run: RunRow): Promise<void> {
    const leases = await leasesOf(this.#deps.ledger.db, run.id);
    const lease = leases.find(({ store }) => store === this.#deps.runDirectories.kind);
    // A concurrent call may have added a watch. A second watch of the same run would act twice and never be stopped.
    if (lease === undefined || this.#watches.has(run.id)) return;
    const onDone = (): unknown => this.#watches.delete(run.id);
    const watch = new RunWatch(this.#deps, run, lease, this.#hold, onDone, this.#load);
    this.#watches.set(run.id, watch);
    const job = headJobOf(run);
    if (job?.id != null) this.#deps.jobStatus.forget(job.executor, job.id);
    watch.start();
  }

  /** Polls a run now if it is watched. */
  async poll(run: string): Promise<void> {
    await this.#watches.get(run)?.poll();
  }

  /**
   * Notes that somebody requests runs, so that their progress is read more often for a while. If nobody did before, reads the
   * progress of the named run first. Returns whether it did.
   */
  async observe(run?: string): Promise<boolean> {
    const { isObserved } = this.#load;
    this.#load.noteRequest();
    const watch = run === undefined ? undefined : this.#watches.get(run);
    if (watch === undefined || (isObserved && !watch.isDeferring)) return false;
    await watch.poll();
    return true;
  }

  /** Stops the watches. The runs continue. */
  async stop(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
    this.#watches.clear();
  }
}
