import type { ExposureSearch, Receipt } from '../../contract/types.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { exposuresOf } from './exposures.ts';
import { writablePlacesOf } from './writable-places.ts';
import { droppedRecordsOf } from './reading/dropped-records.ts';
import { describeLease, describeRun, isOver, leasesOf, type RunRow } from './queries.ts';

/** Returns the receipt: what was delivered, when it was removed, and how its absence was verified. */
export async function receiptOf(deps: RunDependencies, run: RunRow): Promise<Receipt> {
  const places = await writablePlacesOf(deps.ledger.db, run.id);
  const leases = (await leasesOf(deps.ledger.db, run.id)).map(describeLease);
  const exposures = await exposuresOf(deps.ledger.db, run.id);
  const search = run.search === null ? null : (JSON.parse(run.search) as ExposureSearch);
  const found = { run: await describeRun(deps.ledger.db, run), leases, exposures, search };
  const dropped = await droppedRecordsOf(deps.ledger.db, run.id);
  return {
    ...found,
    workDirectory: run.work_directory,
    ...(places === undefined ? {} : { writableByOthers: places }),
    ...(dropped.length === 0 ? {} : { dropped }),
    complete: leases.every(({ state }) => state === 'gone'),
    conclusion: concludeRemoval(found),
    issuedAt: now(deps),
  };
}

/** Summarizes in one word what remains of a run. */
export function concludeRemoval({
  leases,
  exposures,
  search,
  run,
}: Pick<Receipt, 'leases' | 'exposures' | 'search' | 'run'>): Receipt['conclusion'] {
  if (!leases.every(isOver)) return 'pending';
  if (leases.some(({ state }) => state === 'unverified')) return 'not-verified';
  if (exposures.length > 0) return 'exposed';
  const isSearched = search?.complete === true || run.startedAt === null || run.secrets.length === 0;
  return isSearched ? 'nothing-left' : 'placed-removed';
}
