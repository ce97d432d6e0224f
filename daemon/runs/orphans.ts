import type { GridJob } from '../contract/types.ts';
import { record } from '../ledger/journal.ts';
import type { Queries } from '../ledger/open.ts';
import type { GridLine } from '../nextflow/grid-jobs.ts';
import type { Executor } from '../schedulers/scheduler.ts';
import { step } from '../host/steps.ts';
import { write, type Engine } from './engine.ts';

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
export async function orphansOf(db: Queries, run?: string): Promise<(GridJob & { run: string })[]> {
  let query = db.selectFrom('grid_jobs').selectAll().where('state', '=', 'orphaned');
  if (run !== undefined) query = query.where('run_id', '=', run);
  const rows = await query.orderBy('job_id').execute();
  return rows.map(({ run_id, executor, job_id, name }) => ({
    run: run_id,
    executor: executor as Executor,
    id: job_id,
    name,
  }));
}

/** When a head is over: what it had submitted and not seen end, it has left behind. Within the transaction of its end. */
export async function noteOrphans(db: Queries, run: string): Promise<void> {
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

/** Asks the scheduler for the end of what a run has left behind. Throws `scheduler-unavailable`. */
export async function cancelOrphans(engine: Engine, run: string): Promise<void> {
  for (const { executor, id } of await orphansOf(engine.ledger.db, run))
    await step(engine.faults, 'orphans.cancel', () => engine.jobs.scheduler(executor).cancel(id));
}

/** Takes those off the list that are over by now; gives how many are left, of one run or of all. */
export async function sweepOrphans(engine: Engine, run?: string): Promise<number> {
  let left = 0;
  const orphans = await orphansOf(engine.ledger.db, run);
  for (const { executor, id } of orphans) engine.jobs.word(executor, id);
  await engine.jobs.settled();
  for (const job of orphans) {
    const phase = engine.jobs.word(job.executor, job.id)?.phase;
    if (phase !== 'ended' && phase !== 'forgotten') left += 1;
    else
      await write(engine, 'orphans.record', (db) =>
        db
          .updateTable('grid_jobs')
          .set({ state: 'gone' })
          .where('run_id', '=', job.run)
          .where('job_id', '=', job.id)
          .execute(),
      );
  }
  return left;
}
