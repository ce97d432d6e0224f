import { RunWatch } from './watch/run-watch.ts';
import type { RunDependencies } from './dependencies.ts';
import type { PurgeHold } from './purge/purge-hold.ts';
import { leasesOf, type RunRow } from './records/queries.ts';

/** The watches of all runs that are not purged; at most one for each run. */
export class RunWatches {
  readonly #deps: RunDependencies;
  readonly #hold: PurgeHold;
  readonly #watches = new Map<string, RunWatch>();

  constructor(deps: RunDependencies, hold: PurgeHold) {
    this.#deps = deps;
    this.#hold = hold;
  }

  get size(): number {
    return this.#watches.size;
  }

  has(run: string): boolean {
    return this.#watches.has(run);
  }

  /** Starts to watch a run; does nothing for a run without a run directory, which has no head, or one that is watched. */
  async add(run: RunRow): Promise<void> {
    const leases = await leasesOf(this.#deps.ledger.db, run.id);
    const lease = leases.find(({ store }) => store === this.#deps.runDirectories.kind);
    // A concurrent call may have been faster: of two watches of one run both would act, and one would never be stopped.
    if (lease === undefined || this.#watches.has(run.id)) return;
    const watch = new RunWatch(this.#deps, run, lease, this.#hold, () => this.#watches.delete(run.id));
    this.#watches.set(run.id, watch);
    watch.start();
  }

  /** Polls a run now, if it is watched. */
  async poll(run: string): Promise<void> {
    await this.#watches.get(run)?.poll();
  }

  /** Ends the watching, not the runs. */
  async stop(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
    this.#watches.clear();
  }
}
