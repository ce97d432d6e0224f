import type { GridJob } from '../../contract/types.ts';
import { asEscrowError } from '../../errors.ts';
import { record } from '../../ledger/journal.ts';
import type { Queries } from '../../ledger/open.ts';
import type { GridLine } from '../../nextflow/logs/task-jobs.ts';
import { step } from '../../system/steps.ts';
import { write, type Engine } from '../dependencies.ts';

/** A job whose head is gone, and whose it was. */
export type Orphan = GridJob & { readonly run: string };

/** AWS's ids; behind a colon which one of a job array. A task of another executor in such a run has another kind. */
const BATCH_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::\d{1,5})?$/;

/** Notes what a head's log tells of its jobs. Repeatable: who adopts a run reads its log from the start again. */
export async function noteGridLine(db: Queries, run: string, line: GridLine): Promise<void> {
  if ('submitted' in line) {
    const { executor, id, name } = line.submitted;
    await db
      .insertInto('grid_jobs')
      .values({ run_id: run, executor, job_id: id, name, state: 'submitted' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  } else {
    await db
      .updateTable('grid_jobs')
      .set({ state: 'completed' })
      .where('run_id', '=', run)
      .where('job_id', '=', line.completed)
      .where('state', '=', 'submitted')
      .execute();
  }
}

/** Jobs of heads that are gone, which may live on: of one run, or of all. */
export async function orphansOf(db: Queries, run?: string): Promise<Orphan[]> {
  let query = db.selectFrom('grid_jobs').selectAll().where('state', '=', 'orphaned');
  if (run !== undefined) query = query.where('run_id', '=', run);
  const rows = await query.orderBy('job_id').execute();
  return rows.map(({ run_id, executor, job_id, name }) => ({
    run: run_id,
    executor: executor as GridJob['executor'],
    id: job_id,
    name,
  }));
}

/** When a head is over: what it had submitted and not seen end, it has left behind. Within the transaction of its end. */
export async function noteOrphans(db: Queries, run: string): Promise<void> {
  await noteBatchJobs(db, run);
  const left = await db
    .updateTable('grid_jobs')
    .set({ state: 'orphaned' })
    .where('run_id', '=', run)
    .where('state', '=', 'submitted')
    .returning('job_id')
    .execute();
  if (left.length === 0) return;
  await record(db, { run, type: 'run.jobs-left', data: { jobs: left.map(({ job_id }) => job_id) } });
}

/** Of jobs on AWS Batch the plugin's events tell, not the log. */
async function noteBatchJobs(db: Queries, run: string): Promise<void> {
  if ((await awsAnchor(db, run)) === undefined) return;
  const tasks = await db
    .selectFrom('tasks')
    .select(['native_id', 'name'])
    .where('run_id', '=', run)
    .where('status', 'in', ['SUBMITTED', 'RUNNING'])
    .execute();
  for (const { native_id: id, name } of tasks)
    if (id !== null && BATCH_ID.test(id))
      await noteGridLine(db, run, { submitted: { executor: 'awsbatch', id, name: name ?? id } });
}

/** What is told of a job in the description of the run that left it. */
export function gridJobOf({ run: _run, ...job }: Orphan): GridJob {
  return job;
}

/**
 * Asks for the end of what a run has left behind; gives what that was. `by`: who wants that; absent where the daemon does
 * so by itself. Throws `scheduler-unavailable`, `aws-*`, `store-unavailable`.
 */
export async function cancelOrphans(engine: Engine, run: string, by?: string): Promise<Orphan[]> {
  const orphans = await orphansOf(engine.ledger.db, run);
  if (orphans.length === 0) return [];
  const onBatch: string[] = [];
  for (const { executor, id } of orphans)
    if (executor === 'awsbatch') onBatch.push(id);
    else await step(engine.faults, 'orphans.cancel', () => engine.jobs.scheduler(executor).cancel(id));
  if (onBatch.length > 0) {
    const anchor = (await awsAnchor(engine.ledger.db, run)) ?? null;
    await step(engine.faults, 'orphans.cancel', () => engine.batchJobs.terminate(anchor, onBatch));
  }
  const entry = { run, type: 'run.jobs-cancelled', data: { jobs: orphans.map(({ id }) => id) } };
  await write(engine, 'orphans.record', (db) => record(db, by === undefined ? entry : { ...entry, by }));
  return orphans;
}

/** Takes those off the list that are over by now; gives how many are left, of one run or of all. */
export async function sweepOrphans(engine: Engine, run?: string): Promise<number> {
  const orphans = await orphansOf(engine.ledger.db, run);
  const over = [...(await overInGrid(engine, orphans)), ...(await overOnBatch(engine, orphans))];
  for (const job of over)
    await write(engine, 'orphans.record', (db) =>
      db
        .updateTable('grid_jobs')
        .set({ state: 'gone' })
        .where('run_id', '=', job.run)
        .where('job_id', '=', job.id)
        .execute(),
    );
  return orphans.length - over.length;
}

async function overInGrid(engine: Engine, orphans: readonly Orphan[]): Promise<Orphan[]> {
  const phaseOf = ({ executor, id }: Orphan): string | undefined =>
    executor === 'awsbatch' ? undefined : engine.jobs.word(executor, id)?.phase;
  orphans.forEach(phaseOf); // asks for all of them at once
  await engine.jobs.settled();
  return orphans.filter((job) => ['ended', 'forgotten'].includes(phaseOf(job) ?? ''));
}

/** Where AWS cannot be asked nothing is known, and so nothing is over. */
async function overOnBatch(engine: Engine, orphans: readonly Orphan[]): Promise<Orphan[]> {
  const onBatch = orphans.filter(({ executor }) => executor === 'awsbatch');
  const over: Orphan[] = [];
  for (const run of new Set(onBatch.map((job) => job.run))) {
    const jobs = onBatch.filter((job) => job.run === run);
    try {
      const anchor = (await awsAnchor(engine.ledger.db, run)) ?? null;
      const ids = jobs.map(({ id }) => id);
      const living = await engine.batchJobs.living(anchor, ids);
      over.push(...jobs.filter(({ id }) => !living.has(id)));
    } catch (error) {
      engine.log.warn({ run, code: asEscrowError(error).code }, 'jobs that were left cannot be looked at');
    }
  }
  return over;
}

/** Where a run's jobs on AWS Batch are: where its secrets are, or were. */
async function awsAnchor(db: Queries, run: string): Promise<string | undefined> {
  const lease = await db
    .selectFrom('leases')
    .select('anchor')
    .where('run_id', '=', run)
    .where('store', '=', 'aws-secrets-manager')
    .executeTakeFirst();
  return lease?.anchor ?? undefined;
}
