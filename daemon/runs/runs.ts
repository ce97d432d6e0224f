import type {
  AwsCredentials,
  ComputeEnvironment,
  Plan,
  Receipt,
  Run,
  RunRequest,
  RunStart,
  TaskList,
} from '../contract/types.ts';
import { EscrowError, systemCode } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import { monotonic, write, type RunDependencies } from './dependencies.ts';
import { submitHead } from './materialize/submit-head.ts';
import { materialize } from './materialize/materialize.ts';
import { cancelOrphanedJobs, describeOrphanedJob, refreshOrphanedJobs } from './purge/orphaned-jobs.ts';
import { PurgeHold } from './purge/purge-hold.ts';
import { planRun } from './plan/plan.ts';
import { purgeRun, removeLeases } from './purge/purge.ts';
import {
  describeRun,
  findRun,
  getRun,
  leasesOf,
  listRuns,
  tasksOf,
  unfinishedRuns,
  type RunFilter,
  type RunRow,
} from './records/queries.ts';
import { findOneRun, liveNamesakes } from './records/live-namesakes.ts';
import { pruneRuns } from './purge/prune.ts';
import { receiptOf } from './records/receipt.ts';
import {
  CONFIRM_MS,
  inspectLeases,
  removeReappeared,
  StrayDirectoryScan,
} from './purge/stray-directory-scan.ts';
import { endUnlaunched, runProbe, type ProbeRunResult, type ProbeRun } from './materialize/probe-run.ts';
import { RunWatch } from './watch/run-watch.ts';

/** How often what nobody watches is looked for: runs that could not be called off, or not be watched. */
const RETRY_MS = 30_000;
/** How often all run directories are listed, beside the start of a daemon. */
const REVIEW_EVERY_MS = 3600 * 1000;
const PRUNE_EVERY_MS = 24 * 3600 * 1000;

/** All that can be done with runs. One for a daemon: it owns the watches. */
export class Runs {
  readonly #deps: RunDependencies;
  readonly #watches = new Map<string, RunWatch>();
  readonly #review: StrayDirectoryScan;
  readonly #heldBack: PurgeHold;
  readonly #keepDays: number;
  readonly #retryMs: number;
  /** Runs that are being placed at this moment: any other one that is still `created` was left so. */
  readonly #placing = new Set<string>();
  #retry: NodeJS.Timeout | undefined;
  /** Runs without a watch that the last round found open. */
  #open = 0;
  /** The round of tidying that goes on: another one would do the same beside it. */
  #round: Promise<void> | undefined;
  #prunedAt = -Infinity;
  #reviewAt = -Infinity;

  /** `keepDays`: how long purged runs are remembered; 0: for ever. `retryMs`: between two rounds of tidying. */
  constructor(deps: RunDependencies, keepDays = 0, retryMs = RETRY_MS) {
    this.#deps = deps;
    this.#review = new StrayDirectoryScan(deps);
    this.#heldBack = new PurgeHold(deps);
    this.#keepDays = keepDays;
    this.#retryMs = retryMs;
  }

  get watching(): number {
    return this.#watches.size + this.#placing.size + this.#open;
  }

  /** Watches every run that is not over. Asks nobody but the ledger, so that nothing keeps a daemon from serving. */
  async adopt(): Promise<void> {
    for (const run of await unfinishedRuns(this.#deps.ledger.db))
      if (run.state !== 'created' && !this.#watches.has(run.id))
        await this.#tidy(`run ${run.id}`, () => this.#watch(run));
  }

  /**
   * Adopts what lives and finishes every half-done step, and does so again from time to time. Recovery removes; it never
   * creates. What is away, AWS or a scheduler, may make it last minutes.
   */
  async recover(): Promise<void> {
    const round = async (): Promise<void> => {
      await (this.#round ??= this.#retryPending()
        .catch((error: unknown) => {
          this.#deps.log.error({ err: error }, 'a round of tidying failed; there is another');
        })
        .finally(() => (this.#round = undefined)));
    };
    this.#retry = setInterval(() => void round(), this.#retryMs);
    await round(); // prunes too
  }

  /** Ends the watching, not the runs. */
  async stop(): Promise<void> {
    clearInterval(this.#retry);
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
    this.#watches.clear();
  }

  async explain(request: RunRequest): Promise<Plan> {
    return (await planRun(this.#deps, request)).plan;
  }

  /** Plans and materializes. The caller has to start what is answered, soon. */
  async create(request: RunRequest): Promise<RunStart> {
    const started = await materialize(this.#deps, request, await planRun(this.#deps, request), this.#placing);
    if (started.run !== undefined) await this.#watch(await getRun(this.#deps.ledger.db, started.run.id));
    return started;
  }

  /** Submits the head of a run that is to be a job, and gives the run. */
  async submit(wanted: string, args: readonly string[]): Promise<Run> {
    const { db } = this.#deps.ledger;
    const { id } = await findOneRun(db, wanted);
    await submitHead(this.#deps, id, { arguments: [...args] });
    await this.#watches.get(id)?.poll();
    return describeRun(db, await getRun(db, id));
  }

  /** Has something tried with secrets that are placed as those of a run are, and taken back. Throws as that does. */
  async probe<T>(
    environment: ComputeEnvironment,
    values: ReadonlyMap<string, SecretValue>,
    work: (trial: ProbeRun) => Promise<T>,
  ): Promise<ProbeRunResult<T>> {
    return runProbe(this.#deps, this.#placing, { environment, values }, work);
  }

  async list(filter: RunFilter): Promise<Run[]> {
    const rows = await listRuns(this.#deps.ledger.db, filter);
    return Promise.all(rows.map((row) => describeRun(this.#deps.ledger.db, row)));
  }

  /** Forgets the runs that were purged this many days ago, or earlier. Gives their number. */
  async prune(days: number): Promise<number> {
    return pruneRuns(this.#deps, days);
  }

  async find(wanted: string): Promise<Run> {
    return this.#described(wanted, await findRun(this.#deps.ledger.db, wanted));
  }

  /** The run as it was asked for: by a name that others have too, it tells which. */
  async #described(wanted: string, row: RunRow): Promise<Run> {
    const { db } = this.#deps.ledger;
    const namesakes = await liveNamesakes(db, row, wanted);
    return { ...(await describeRun(db, row)), ...(namesakes.length === 0 ? {} : { namesakes }) };
  }

  async tasks(wanted: string): Promise<TaskList> {
    return tasksOf(this.#deps.ledger.db, (await findRun(this.#deps.ledger.db, wanted)).id);
  }

  async receipt(wanted: string): Promise<Receipt> {
    const row = await findRun(this.#deps.ledger.db, wanted);
    return { ...(await receiptOf(this.#deps, row)), run: await this.#described(wanted, row) };
  }

  /** The receipt, and what another look at everything that was placed finds now. */
  async checkedReceipt(wanted: string, provided?: AwsCredentials): Promise<Receipt> {
    const row = await findRun(this.#deps.ledger.db, wanted);
    if (provided !== undefined) await this.#provideCredentials(row.id, provided);
    const checks = await inspectLeases(this.#deps, row.id);
    return { ...(await receiptOf(this.#deps, row)), run: await this.#described(wanted, row), checks };
  }

  /**
   * Asks for a run's end, or for that of the jobs which it has left behind, each time anew: its watch asks the head, as
   * soon as there is one, and sees its end. `jobsLeft` of the answer: those that were asked to end, also where they are
   * over by now.
   */
  async cancel(wanted: string): Promise<Run> {
    const { db } = this.#deps.ledger;
    const row = await findOneRun(db, wanted);
    if (row.state === 'materialized' || row.state === 'running') {
      await write(this.#deps, 'run.record-cancel', async (transaction) => {
        await transaction
          .updateTable('runs')
          .set((run) => ({ cancel_requested: run('cancel_requested', '+', 1) }))
          .where('id', '=', row.id)
          .execute();
        const by = this.#deps.user.user;
        await record(transaction, { run: row.id, type: 'run.cancel-requested', by });
      });
      await this.#watches.get(row.id)?.poll();
      return describeRun(db, await getRun(db, row.id));
    }
    const asked = await cancelOrphanedJobs(this.#deps, row.id, this.#deps.user.user);
    await refreshOrphanedJobs(this.#deps, row.id);
    return {
      ...(await describeRun(db, await getRun(db, row.id))),
      orphanedJobs: asked.map(describeOrphanedJob),
    };
  }

  /**
   * Looks at a run now and, where it has ended, purges it. Throws `run-alive` while it may be alive, unless `force`:
   * then its secrets are taken from it and it goes on without them. `asked`: by a person, who need not wait for the jobs
   * that may keep it.
   */
  async purge(
    wanted: string,
    { force, asked }: { readonly force: boolean; readonly asked: boolean },
    provided?: AwsCredentials,
  ): Promise<Run> {
    const { db } = this.#deps.ledger;
    const { id } = await findOneRun(db, wanted);
    if (provided !== undefined) await this.#provideCredentials(id, provided);
    await this.#watches.get(id)?.poll();
    const row = await getRun(db, id);
    if (row.state === 'ended') {
      if (asked || !(await this.#heldBack.applies(id))) await purgeRun(this.#deps, id);
    } else if (row.state === 'purged') await removeReappeared(this.#deps, id);
    else {
      if (!force) throw new EscrowError('run-alive', `Run ${id} is ${row.state}.`);
      await removeLeases(this.#deps, id);
    }
    return describeRun(db, await getRun(db, id));
  }

  async #provideCredentials(run: string, credentials: AwsCredentials): Promise<void> {
    for (const { state, store, target, locator, sent_at: sentAt } of await leasesOf(
      this.#deps.ledger.db,
      run,
    ))
      if (state !== 'gone' || store !== this.#deps.runDirectories.kind)
        await this.#deps.stores.get(store)?.useCredentials?.({ target, locator, sentAt }, credentials);
  }

  /** Unless it has no run directory: then there is no head to be watched. */
  async #watch(run: RunRow): Promise<void> {
    const leases = await leasesOf(this.#deps.ledger.db, run.id);
    const lease = leases.find(({ store }) => store === this.#deps.runDirectories.kind);
    if (lease === undefined) return;
    // A round of tidying may have been faster: two watches of one run would both act, and one would never be stopped.
    if (!this.#watches.has(run.id))
      this.#watches.set(
        run.id,
        new RunWatch(this.#deps, run, lease, this.#heldBack, () => this.#watches.delete(run.id)),
      );
  }

  /** A run that was recorded, and then its daemon died: nobody was told of it, so nobody can start it. */
  async #abort(run: RunRow): Promise<void> {
    await endUnlaunched(this.#deps, run.id, 'aborted', 'the daemon ended while placing');
    const after = await getRun(this.#deps.ledger.db, run.id);
    if (after.state !== 'purged') await this.#watch(after);
  }

  async #retryPending(): Promise<void> {
    await this.adopt();
    // Read anew: who was adopted may be over by now.
    const open = (await unfinishedRuns(this.#deps.ledger.db)).filter(
      ({ id }) => !this.#watches.has(id) && !this.#placing.has(id),
    );
    this.#open = open.length;
    for (const run of open)
      await this.#tidy(`run ${run.id}`, async () => {
        if (run.state === 'created') await this.#abort(run);
        // Of a trial: there is nobody to be watched, only something to be removed.
        else if (run.state === 'ended') await purgeRun(this.#deps, run.id);
      });
    await this.#tidy('orphans', () => refreshOrphanedJobs(this.#deps));
    if (monotonic(this.#deps) >= this.#reviewAt) {
      this.#reviewAt = monotonic(this.#deps) + REVIEW_EVERY_MS;
      await this.#tidy('run directories', async () => {
        if (await this.#review.scan()) this.#reviewAt = monotonic(this.#deps) + CONFIRM_MS;
      });
    }
    if (this.#keepDays > 0 && performance.now() - this.#prunedAt > PRUNE_EVERY_MS) {
      this.#prunedAt = performance.now();
      await this.#tidy('old runs', () => this.prune(this.#keepDays));
    }
  }

  /** What fails is tried again in the next round, and keeps nothing else from being done. */
  async #tidy(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.log.error(
        { what, code: systemCode(error), err: error },
        'not tidied; there is another round',
      );
    }
  }
}
