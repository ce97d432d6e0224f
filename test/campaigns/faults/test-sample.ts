// A sample of the matrix for the test suite. `npm run faults` runs all of it.
import type { Test } from 'tap';
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import { startPostgres } from '../../support/postgres.ts';
import { isOfTeam, isOnAws, type Cell, type StoreName, type Way } from './cell.ts';
import { isOfServer } from './fault-kinds.ts';
import { Bench, cellsOf, nameOf, points, runAll, waysOf } from './matrix.ts';

const EVERY = 179; // shares no factor with the number of kinds, so that the sample contains many kinds
/** Points that only runs on AWS reach, and those of runs with secrets of a team server. */
const ON_AWS = / (object|switch|definitions)\./;
const OF_TEAM = / (secrets|release|report|held)\./;
/** Points of deliveries that expire, fail or are lost: test/integration/server/deliver*.test.ts reaches them. */
const OF_LOST = / (delivery\.(fail|renew|find-jobs|record-due|record-failed|deregister)|deliveries\.\S+)$/;

/** Runs each scenario of the stores without a fault, which must reach every point that belongs to these stores, and a sample of the cells. */
export async function testSample(t: Test, wanted: readonly StoreName[]): Promise<void> {
  const isTeam = wanted.some(isOfTeam);
  const database = isTeam ? await startPostgres(t) : undefined;
  if (isTeam && database === undefined) return; // skipped
  const benches = [await Bench.open(t, database, { wanted }), await Bench.open(t, database, { wanted })];
  const stores = benches[0]?.stores ?? [];
  const reached = new Map<StoreName, Map<Way, readonly FaultPoint[]>>(
    stores.map((store) => [store, new Map<Way, readonly FaultPoint[]>()]),
  );
  const plain = stores.flatMap((store) => waysOf(store).map((way): Cell => ({ store, way })));
  await runAll(benches, plain, ({ cell, wrong, points: those }) => {
    t.same(wrong, [], nameOf(cell));
    reached.get(cell.store)?.set(cell.way, those);
  });
  const seen = new Set([...reached.values()].flatMap((byWay) => [...byWay.values()].flat()));
  const hasAws = stores.some(isOnAws);
  const isExpected = (point: FaultPoint): boolean =>
    isTeam
      ? (isOfServer(point) || OF_TEAM.test(point)) && !OF_LOST.test(point)
      : !isOfServer(point) && !OF_TEAM.test(point) && (hasAws || !ON_AWS.test(point));
  const unseen = points.filter((point) => isExpected(point) && !seen.has(point));
  t.same(unseen, [], 'the scenarios reach every point');
  const cells = [...reached].flatMap(([store, byWay]) => cellsOf(store, byWay));
  const some = cells.filter((_, index) => index % EVERY === 0);
  t.comment(`${String(some.length)} of ${String(cells.length)} cells`);
  await runAll(benches, some, ({ cell, wrong }) => t.same(wrong, [], nameOf(cell)));
}
