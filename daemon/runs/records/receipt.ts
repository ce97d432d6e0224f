import type { ExposureSearch, Receipt } from '../../contract/types.ts';
import { now, type RunDependencies } from '../dependencies.ts';
import { exposuresOf } from './exposures.ts';
import { writablePlacesOf } from './writable-places.ts';
import { describeLease, describeRun, leasesOf, type RunRow } from './queries.ts';

/** What was placed for a run, when it went, and how its absence was checked. */
export async function receiptOf(deps: RunDependencies, run: RunRow): Promise<Receipt> {
  const places = await writablePlacesOf(deps.ledger.db, run.id);
  const leases = (await leasesOf(deps.ledger.db, run.id)).map(describeLease);
  return {
    run: await describeRun(deps.ledger.db, run),
    leases,
    exposures: await exposuresOf(deps.ledger.db, run.id),
    search: run.search === null ? null : (JSON.parse(run.search) as ExposureSearch),
    workDirectory: run.work_directory,
    ...(places === undefined ? {} : { writableByOthers: places }),
    complete: leases.every(({ state }) => state === 'gone'),
    issuedAt: now(deps),
  };
}
