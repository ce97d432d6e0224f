import type { Selectable } from 'kysely';
import type { ReleaseReport } from '../contract/types.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';
import { step, type FaultInjector } from '../system/steps.ts';

export type ReceivedRelease = Selectable<Tables['received_releases']>;

type Content = Omit<ReleaseReport, 'epoch' | 'sequence'>;

/** A release whose run is not recorded after this time was received by a daemon that was killed before it recorded the run. */
const UNRECORDED_MS = 10 * 60_000;

/**
 * Writes a report for each release whose run has changed since its last report. A report replaces one that was not sent yet,
 * because it contains the whole state. Returns the releases with a report that the server has not accepted, oldest first.
 */
export async function queueReports(
  ledger: Ledger,
  epoch: number,
  faults: FaultInjector,
): Promise<ReceivedRelease[]> {
  const rows = await readReceived(ledger.db);
  for (const row of rows) {
    const content = await contentFor(ledger.db, row);
    if (content === undefined || isReported(row, content)) continue;
    await step(faults, 'report.queue', () => ledger.write((db) => queueReport(db, row, epoch)));
  }
  return (await readReceived(ledger.db)).filter(({ delivered, sequence }) => delivered < sequence);
}

async function queueReport(db: Queries, row: ReceivedRelease, epoch: number): Promise<void> {
  const now = await contentFor(db, row);
  if (now === undefined) return;
  const report: ReleaseReport = { epoch, sequence: row.sequence + 1, ...now };
  await db
    .updateTable('received_releases')
    .set({ epoch, sequence: report.sequence, report: JSON.stringify(report) })
    .where('run_id', '=', row.run_id)
    .where('sequence', '=', row.sequence)
    .execute();
}

async function readReceived(db: Queries): Promise<ReceivedRelease[]> {
  return db.selectFrom('received_releases').selectAll().orderBy('created_at').orderBy('run_id').execute();
}

/** Records that the server has accepted a report. After the last one, the credential is deleted. */
export async function recordDelivered(
  ledger: Ledger,
  { run_id, sequence, report }: ReceivedRelease,
): Promise<void> {
  const isLast = (JSON.parse(report ?? '{}') as Partial<ReleaseReport>).state === 'purged';
  await ledger.write(async (db) => {
    if (isLast) await deleteReceived(db, run_id, sequence);
    else
      await db
        .updateTable('received_releases')
        .set({ delivered: sequence })
        .where('run_id', '=', run_id)
        .execute();
  });
}

/** Deletes a release that its server no longer has. */
export async function forgetRelease(ledger: Ledger, { run_id, sequence }: ReceivedRelease): Promise<void> {
  await ledger.write((db) => deleteReceived(db, run_id, sequence));
}

async function deleteReceived(db: Queries, run: string, sequence: number): Promise<void> {
  await db
    .deleteFrom('received_releases')
    .where('run_id', '=', run)
    .where('sequence', '=', sequence)
    .execute();
}

function isReported({ report }: ReceivedRelease, content: Content): boolean {
  if (report === null) return false;
  const { state, outcome, leases } = JSON.parse(report) as ReleaseReport;
  return JSON.stringify({ state, outcome, leases }) === JSON.stringify(content);
}

/** Returns the state of the run, or undefined if the run is being recorded, or its records were deleted. */
async function contentFor(
  db: Queries,
  { run_id: run, report, created_at }: ReceivedRelease,
): Promise<Content | undefined> {
  const found = await db
    .selectFrom('runs')
    .select(['state', 'outcome'])
    .where('id', '=', run)
    .executeTakeFirst();
  if (found === undefined) {
    const isRecent = Date.now() - Date.parse(created_at) < UNRECORDED_MS;
    return report !== null || isRecent ? undefined : { state: 'purged', outcome: 'aborted', leases: [] };
  }
  const leases = await db
    .selectFrom('leases')
    .select(['store', 'state'])
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('run_id', '=', run)
    .groupBy(['store', 'state'])
    .orderBy('store')
    .orderBy('state')
    .execute();
  return { state: found.state, outcome: found.outcome, leases };
}
