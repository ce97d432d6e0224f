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
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { SecretValue } from '../vault/secret-value.ts';
import { write, type RunDependencies } from './dependencies.ts';
import { submitHead } from './materialize/submit-head.ts';
import { materialize } from './materialize/materialize.ts';
import { cancelOrphanedJobs } from './purge/cancel-orphaned-jobs.ts';
import { describeOrphanedJob, refreshOrphanedJobs } from './purge/orphaned-jobs.ts';
import { PurgeHold } from './purge/purge-hold.ts';
import { planRun } from './plan/plan.ts';
import { purgeRun, removeLeases } from './purge/purge.ts';
import {
  describeRun,
  findRun,
  getRun,
  isOver,
  leasesOf,
  listRuns,
  tasksOf,
  type RunFilter,
  type RunRow,
} from './records/queries.ts';
import { findOneRun, liveNamesakes } from './records/live-namesakes.ts';
import { leftoverProcessesOf } from './records/leftover-processes.ts';
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
  /** Runs that are being materialized now. */
  readonly #materializing = new Set<string>();

  constructor(deps: RunDependencies, options: MaintenanceOptions = {}) {
    this.#deps = deps;
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
    return (await planRun(this.#deps, request)).plan;
  }

  /** Plans and materializes a run. The caller must start the returned command before the launch deadline. */
  async create(request: RunRequest): Promise<RunStart> {
    const started = await materialize(
      this.#deps,
      request,
      await planRun(this.#deps, request),
      this.#materializing,
    );
    if (started.run !== undefined)
      await this.#watches.add(await getRun(this.#deps.ledger.db, started.run.id));
    return started;
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

  async list(filter: RunFilter): Promise<Run[]> {
    const rows = await listRuns(this.#deps.ledger.db, filter);
    return Promise.all(
      rows.map(async (row) => ({
        ...(await describeRun(this.#deps.ledger.db, row)),
        ...(await this.#leftoversOf(row)),
      })),
    );
  }

  /** Deletes the records of runs that were purged `days` days ago or earlier. Returns the number of deleted runs. */
  async prune(days: number): Promise<number> {
    return pruneRuns(this.#deps, days);
  }

  async find(wanted: string): Promise<Run> {
    return this.#described(wanted, await findRun(this.#deps.ledger.db, wanted));
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

  async tasks(wanted: string): Promise<TaskList> {
    return tasksOf(this.#deps.ledger.db, (await findRun(this.#deps.ledger.db, wanted)).id);
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
      await this.#watches.poll(row.id);
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
      if (!isOver({ state }) || store !== this.#deps.runDirectories.kind)
        await this.#deps.removers.get(store)?.useCredentials?.({ target, locator, sentAt }, credentials);
  }
}
