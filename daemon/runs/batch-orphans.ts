import { record } from '../ledger/journal.ts';
import type { Queries } from '../ledger/open.ts';
import { step } from '../host/steps.ts';
import { write, type Engine } from './engine.ts';
import { leasesOf } from './queries.ts';

/** The ids of jobs on AWS Batch that a run's head had submitted and not seen end. */
export async function batchJobsLeft(db: Queries, run: string): Promise<string[]> {
  if ((await awsAnchor(db, run)) === undefined) return [];
  const rows = await db
    .selectFrom('tasks')
    .select('native_id')
    .where('run_id', '=', run)
    .where('status', 'in', ['SUBMITTED', 'RUNNING'])
    .execute();
  return rows.flatMap(({ native_id }) => native_id ?? []);
}

/** When a head is over: what it leaves behind is told. Within the transaction of its end. */
export async function noteBatchJobsLeft(db: Queries, run: string): Promise<void> {
  const jobs = await batchJobsLeft(db, run);
  if (jobs.length > 0) await record(db, { run, type: 'run.jobs-left', data: { jobs } });
}

/** Ends what a head that is gone has left on AWS Batch. */
export async function cancelBatchJobs(engine: Engine, run: string): Promise<void> {
  const { db } = engine.ledger;
  const jobs = await batchJobsLeft(db, run);
  if (jobs.length === 0) return;
  const anchor = (await awsAnchor(db, run)) ?? null;
  const ended = await step(engine.faults, 'orphans.cancel', () => engine.batchJobs.terminate(anchor, jobs));
  await write(engine, 'orphans.record', async (transaction) => {
    await transaction
      .updateTable('tasks')
      .set({ status: 'ABORTED' })
      .where('run_id', '=', run)
      .where('native_id', 'in', jobs)
      .execute();
    await record(transaction, { run, type: 'run.jobs-ended', by: engine.user.user, data: { jobs: ended } });
  });
}

async function awsAnchor(db: Queries, run: string): Promise<string | undefined> {
  const lease = (await leasesOf(db, run)).find(({ store }) => store === 'aws-secrets-manager');
  return lease?.anchor ?? undefined;
}
