import type {
  AwsCredentials,
  ComputeEnvironment,
  Plan,
  Receipt,
  Run,
  RunProgress,
  RunRequest,
  RunStart,
  RunUseList,
  TaskList,
} from '../contract/types.ts';
import type { Principal } from '../access/principal.ts';
import type { PageRequest } from '../contract/page.ts';
import { EscrowError } from '../errors.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import { record } from '../ledger/journal.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import { measure } from '../system/telemetry.ts';
import { monotonic, write, type RunDependencies } from './dependencies.ts';
import { submitHead } from './materialize/submit-head.ts';
import { materialize } from './materialize/materialize.ts';
import type { StartableRequest } from './materialize/start-command.ts';
import { startOfRemembered, type RememberedRun } from './materialize/remembered-run.ts';
import { cancelOrphanedJobs } from './purge/cancel-orphaned-jobs.ts';
import { describeOrphanedJob, refreshOrphanedJobs } from './purge/orphaned-jobs.ts';
import { PurgeHold } from './purge/purge-hold.ts';
import { planRun } from './plan/plan.ts';
import { examineValues } from './plan/undeliverable.ts';
import { purgeRun, removeLeases } from './purge/purge.ts';
import {
  describeRun,
  describeRuns,
  findRun,
  getRun,
  isOver,
  leasesOf,
  type RunRow,
} from './records/queries.ts';
import { listRuns, type RunFilter, type RunPage } from './records/list-runs.ts';
import { listTasks, type TaskFilter } from './records/list-tasks.ts';
import { listRunUses } from './records/run-uses.ts';
import { findOneRun, liveNamesakes } from './records/live-namesakes.ts';
import { leftoverProcessesOf } from './records/leftover-processes.ts';
import { RecentResults } from './records/recent-results.ts';
import { progressOf } from './records/progress.ts';
import { withRunLog, type RunLog } from './records/run-log.ts';
import { pruneRuns } from './purge/prune.ts';
import { receiptOf } from './records/receipt.ts';
import { inspectLeases, removeReappeared } from './purge/stray-directory-scan.ts';
import { runProbe, type ProbeRunResult, type ProbeRun } from './materialize/probe-run.ts';
import { Maintenance, type MaintenanceOptions } from './maintenance.ts';
import { RunWatches } from './watches.ts';

/** All operations on runs. Each daemon has one instance, which owns the watches. */
export class Runs {
  readonly #deps: RunDependencies;
  readonly #hold: PurgeHold;
  readonly #watches: RunWatches;
  readonly #maintenance: Maintenance;
  readonly #lists: RecentResults<RunPage<Run>>;
  /** Runs that are being materialized now. */
  readonly #materializing = new Set<string>();

  constructor(deps: RunDependencies, options: MaintenanceOptions = {}) {
    this.#deps = deps;
    this.#lists = new RecentResults(
      () => deps.ledger.commits,
      () => monotonic(deps),
    );
    this.#hold = new PurgeHold(deps);
    this.#watches = new RunWatches(deps, this.#hold);
    this.#maintenance = new Maintenance(deps, this.#watches, this.#materializing, options);
  }

  /** Number of runs that keep this daemon from being idle. */
  get watching(): number {
    return this.#watches.size + this.#materializing.size + this.#maintenance.unwatched;
  }

  /** Watches every run that is not purged. */
  async adopt(): Promise<void> {
    await this.#maintenance.adopt();
  }

  /** Completes every interrupted step, now and in rounds. Resolves after the first round. */
  async recover(): Promise<void> {
    await this.#maintenance.start();
  }

  /** Stops the watches. The runs continue. */
  async stop(): Promise<void> {
    this.#maintenance.stop();
    await this.#watches.stop();
  }

  async explain(request: RunRequest): Promise<Plan> {
    return (await examineValues(this.#deps, await planRun(this.#deps, request))).plan;
  }

  /** Plans and materializes a run. The caller must start the returned command before the launch deadline. */
  async create(request: StartableRequest, remember: Remember = rememberNothing): Promise<RunStart> {
    const planned = await planRun(this.#deps, request);
    const startedAt = monotonic(this.#deps);
    const report = (result: 'ok' | 'failed'): void => {
      const seconds = (monotonic(this.#deps) - startedAt) / 1000;
      measure('delivery', { platform: planned.environment.platform, result, seconds });
    };
    const started = await materialize(this.#deps, request, planned, this.#materializing, remember).catch(
      (error: unknown) => {
        report('failed');
        throw error;
      },
    );
    report('ok');
    if (started.run !== undefined)
      await this.#watches.add(await getRun(this.#deps.ledger.db, started.run.id));
    return started;
  }

  /**
   * Returns the run that an earlier request with the same idempotency key created, and how to start it while that is possible.
   * Aborts a run whose materialization a crash interrupted. Throws `run-not-found` if its records were deleted.
   */
  async repeat(request: RunRequest, remembered: RememberedRun): Promise<RunStart> {
    const { db } = this.#deps.ledger;
    const { id, state } = await findRun(db, remembered.run);
    if (state === 'created' && !this.#materializing.has(id)) await this.#maintenance.abort(id);
    const row = await getRun(db, id);
    return {
      plan: remembered.plan,
      run: await describeRun(db, row),
      ...(row.state === 'materialized' ? { start: startOfRemembered(remembered, request) } : {}),
    };
  }

  /** Describes a run whose head has just been started. */
  async started(id: string): Promise<Run> {
    await this.#watches.poll(id);
    return this.find(id);
  }

  /** Aborts a run that could not be started. If its shim starts after all, the fence decides. */
  async callOff(id: string): Promise<void> {
    await write(this.#deps, 'run.record-aborted', (db) =>
      db
        .updateTable('runs')
        .set((run) => ({ launch_deadline: run.ref('created_at') }))
        .where('id', '=', id)
        .execute(),
    );
    await this.#watches.poll(id);
  }

  /** Submits the head job of a run whose head is a scheduler job, and returns the run. */
  async submit(wanted: string, args: readonly string[]): Promise<Run> {
    const { db } = this.#deps.ledger;
    const { id } = await findOneRun(db, wanted);
    await submitHead(this.#deps, id, { arguments: [...args] });
    await this.#watches.poll(id);
    return describeRun(db, await getRun(db, id));
  }

  /** Runs `work` with secrets that are placed like those of a run, then removes them. Throws the errors of `runProbe`. */
  async probe<T>(
    environment: ComputeEnvironment,
    values: ReadonlyMap<string, SecretValue>,
    work: (trial: ProbeRun) => Promise<T>,
  ): Promise<ProbeRunResult<T>> {
    return runProbe(this.#deps, this.#materializing, { environment, values }, work);
  }

  /** Lists the runs that a principal may see, newest first. Throws `cursor-invalid`, `request-invalid`. */
  async list(request: Omit<RunFilter, 'visibleTo'>, by?: Principal): Promise<RunPage<Run>> {
    await this.#watches.observe();
    const filter = by === undefined || by.kind === 'machine' ? request : { ...request, visibleTo: by };
    return this.#lists.get(JSON.stringify(filter), () => this.#list(filter));
  }

  async #list(filter: RunFilter): Promise<RunPage<Run>> {
    const { items: rows, ...next } = await listRuns(this.#deps.ledger.db, filter);
    const runs = await describeRuns(this.#deps.ledger.db, rows);
    const leftovers = await Promise.all(rows.map((row) => this.#leftoversOf(row)));
    return { items: runs.map((run, index) => ({ ...run, ...leftovers[index] })), ...next };
  }

  /** Deletes the records of runs that were purged `days` days ago or earlier. Returns the number of deleted runs. */
  async prune(days: number): Promise<number> {
    return pruneRuns(this.#deps, days);
  }

  async find(wanted: string): Promise<Run> {
    return this.#described(wanted, await this.#observed(wanted));
  }

  /** Notes that somebody follows runs. Without this, progress is read only once a minute after the last request. */
  async observe(): Promise<void> {
    await this.#watches.observe();
  }

  /** Finds a run that somebody requests, with its newest progress. */
  async #observed(wanted: string): Promise<RunRow> {
    const { db } = this.#deps.ledger;
    const row = await findRun(db, wanted);
    return (await this.#watches.observe(row.id)) ? getRun(db, row.id) : row;
  }

  /** Describes the run, with the other live runs that the requested name also matches. */
  async #described(wanted: string, row: RunRow): Promise<Run> {
    const { db } = this.#deps.ledger;
    const namesakes = await liveNamesakes(db, row, wanted);
    return {
      ...(await describeRun(db, row)),
      ...(namesakes.length === 0 ? {} : { namesakes }),
      ...(await this.#leftoversOf(row)),
    };
  }

  async #leftoversOf(row: RunRow): Promise<Pick<Run, 'leftoverProcesses'>> {
    const leftoverProcesses = await leftoverProcessesOf(this.#deps, row);
    return leftoverProcesses.length === 0 ? {} : { leftoverProcesses };
  }

  /** Lists tasks of a run, and counts all of them by status. Throws `cursor-invalid`. */
  async tasks(wanted: string, filter: TaskFilter): Promise<TaskList> {
    const { db } = this.#deps.ledger;
    return listTasks(db, (await this.#observed(wanted)).id, filter);
  }

  /** Lists the secrets of a run with the processes that received them. Throws `cursor-invalid`. */
  async uses(wanted: string, page: PageRequest): Promise<RunUseList> {
    const { db } = this.#deps.ledger;
    return listRunUses(db, (await this.#observed(wanted)).id, page);
  }

  async progress(wanted: string): Promise<RunProgress> {
    return progressOf(this.#deps.ledger.db, await this.#observed(wanted));
  }

  /** Passes the redacted log of a run to `work`. Throws `log-not-found`. */
  async withLog<T>(wanted: string, work: (log: RunLog) => Promise<T>): Promise<T> {
    return withRunLog(this.#deps, await findRun(this.#deps.ledger.db, wanted), work);
  }

  async receipt(wanted: string): Promise<Receipt> {
    const row = await findRun(this.#deps.ledger.db, wanted);
    return { ...(await receiptOf(this.#deps, row)), run: await this.#described(wanted, row) };
  }

  /** Returns the receipt, with the results of a new inspection of every lease. */
  async checkedReceipt(wanted: string, provided?: AwsCredentials): Promise<Receipt> {
    const row = await findRun(this.#deps.ledger.db, wanted);
    if (provided !== undefined) await this.#provideCredentials(row.id, provided);
    const checks = await inspectLeases(this.#deps, row.id);
    return { ...(await receiptOf(this.#deps, row)), run: await this.#described(wanted, row), checks };
  }

  /**
   * Requests the cancellation of a run or, after its end, of its orphaned jobs. Each call repeats the request. The watch
   * passes it on to the head as soon as there is one. In the result, `orphanedJobs` lists the jobs that were asked to end,
   * including those that have ended since, and the jobs that were left alone, with a `refusal`.
   */
  async cancel(wanted: string, by: Principal = this.#deps.user): Promise<Run> {
    const { db } = this.#deps.ledger;
    const row = await findOneRun(db, wanted);
    if (row.state === 'materialized' || row.state === 'running') {
      await write(this.#deps, 'run.record-cancel', async (transaction) => {
        await transaction
          .updateTable('runs')
          .set((run) => ({ cancel_requested: run('cancel_requested', '+', 1) }))
          .where('id', '=', row.id)
          .execute();
        await record(transaction, { run: row.id, type: 'run.cancel-requested', by: by.user });
      });
      await this.#watches.poll(row.id);
      return describeRun(db, await getRun(db, row.id));
    }
    const asked = await cancelOrphanedJobs(this.#deps, row.id, by.user);
    await refreshOrphanedJobs(this.#deps, row.id);
    return {
      ...(await describeRun(db, await getRun(db, row.id))),
      orphanedJobs: asked.map(describeOrphanedJob),
    };
  }

  /**
   * Polls a run and purges it if it has ended. Throws `run-alive` while it may be alive. With `force`, removes its secrets
   * anyway, and the run continues without them. `asked`: a person requested the purge, so it does not wait for orphaned
   * jobs.
   */
  async purge(
    wanted: string,
    { force, asked }: { readonly force: boolean; readonly asked: boolean },
    provided?: AwsCredentials,
  ): Promise<Run> {
    const { db } = this.#deps.ledger;
    const { id, state: before } = await findOneRun(db, wanted);
    if (provided !== undefined) await this.#provideCredentials(id, provided);
    await this.#watches.poll(id);
    const row = await getRun(db, id);
    if (row.state === 'ended') {
      if (asked || !(await this.#hold.applies(id))) await purgeRun(this.#deps, id);
    } else if (row.state === 'purged') {
      // A purge that happened during this call has already verified the removal.
      if (before === 'purged') await removeReappeared(this.#deps, id);
    } else {
      if (!force)
        throw new EscrowError(
          'run-alive',
          `Cannot purge run ${id}: it is ${row.state}, so its tasks may still read the secrets.`,
        );
      await removeLeases(this.#deps, id);
    }
    return describeRun(db, await getRun(db, id));
  }

  async #provideCredentials(run: string, credentials: AwsCredentials): Promise<void> {
    for (const { state, store, target, locator, sent_at: sentAt } of await leasesOf(
      this.#deps.ledger.db,
      run,
    ))
      if (!isOver({ state }) || store !== this.#deps.runDirectories.kind)
        await this.#deps.removers.get(store)?.useCredentials?.({ target, locator, sentAt }, credentials);
  }
}
