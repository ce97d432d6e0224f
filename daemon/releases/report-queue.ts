import type { Selectable } from 'kysely';
import type { ReleaseReport } from '../contract/types.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';
import { HELD_BY_SERVER } from './held-by-server.ts';
import { step, type FaultInjector } from '../system/steps.ts';

export type ReceivedRelease = Selectable<Tables['received_releases']>;

type Content = Omit<ReleaseReport, 'epoch' | 'sequence'>;

/** A release whose run is not recorded after this time was received by a daemon that was killed before it recorded the run. */
const UNRECORDED_MS = 10 * 60_000;

/**
 * Writes a report for each release whose run has changed since its last report. A report replaces one that was not sent yet,
 * because it contains the whole state. `isDue`: whether a report on a release is due although nothing has changed. Returns the releases with a report that the server has not accepted, oldest first.
 */
export async function queueReports(
  ledger: Ledger,
  epoch: number,
  faults: FaultInjector,
  isDue: (row: ReceivedRelease) => boolean = () => false,
): Promise<ReceivedRelease[]> {
  const rows = await readReceived(ledger.db);
  for (const row of rows) {
    const content = await contentFor(ledger.db, row);
    // What the server itself holds expires without reports.
    const renews = content !== undefined && content.leases.some(isHeld) && isDue(row);
    if (content === undefined || (isReported(row, content) && !renews)) continue;
    await step(faults, 'report.queue', () => ledger.write((db) => queueReport(db, row, epoch)));
  }
  return (await readReceived(ledger.db)).filter(({ delivered, sequence }) => delivered < sequence);
}

function isHeld({ store, state }: Content['leases'][number]): boolean {
  return store === HELD_BY_SERVER && state === 'placed';
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
  await ledger.write(async (db) => {
    // The credential is needed until the end of what the server holds.
    const held = await db
      .selectFrom('leases')
      .select('id')
      .where('run_id', '=', run_id)
      .where('store', '=', HELD_BY_SERVER)
      .where('state', 'not in', ['gone', 'unverified'])
      .executeTakeFirst();
    if (held === undefined) await deleteReceived(db, run_id, sequence);
    else
      await db
        .updateTable('received_releases')
        .set({ delivered: sequence })
        .where('run_id', '=', run_id)
        .execute();
  });
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
async function contentFor(db: Queries, row: ReceivedRelease): Promise<Content | undefined> {
  const { run_id: run, report, created_at } = row;
  const found = await db
    .selectFrom('runs')
    .select(['state', 'outcome'])
    .where('id', '=', run)
    .executeTakeFirst();
  if (found === undefined) {
    const isRecent = Date.now() - Date.parse(created_at) < UNRECORDED_MS;
    return report !== null || isRecent ? undefined : { state: 'purged', outcome: 'aborted', leases: [] };
  }
  // The server may not have the delivery yet. It would reject the credential, and the daemon would forget it.
  if (row.release_id === run && found.state !== 'purged') return undefined;
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
