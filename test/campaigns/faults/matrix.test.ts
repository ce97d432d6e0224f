// A sample of the matrix. `npm run faults` runs all of it.
import t from 'tap';
import type { FaultPoint } from '../../../daemon/system/steps.ts';
import { isOnAws, type Cell, type StoreName, type Way } from './cell.ts';
import { startPostgres } from '../../support/postgres.ts';
import { isOfServer } from './fault-kinds.ts';
import { Bench, cellsOf, nameOf, points, runAll, waysOf } from './matrix.ts';

const EVERY = 179; // shares no factor with the number of kinds, so that the sample contains each kind
/** Points that only runs on AWS reach, and those of runs with secrets of a team server. */
const ON_AWS = / (object|switch|definitions)\./;
const OF_TEAM = / (secrets|release|report)\./;

void t.test('a run with any fault leaves no secrets and reports its true outcome', async (t) => {
  const database = await startPostgres(t);
  const benches = [await Bench.open(t, database), await Bench.open(t, database)];
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
  const unseen = points.filter(
    (point) =>
      !seen.has(point) &&
      (hasAws || !ON_AWS.test(point)) &&
      (stores.includes('server') || !(isOfServer(point) || OF_TEAM.test(point))),
  );
  t.same(unseen, [], 'the scenarios reach every point');
  const cells = [...reached].flatMap(([store, byWay]) => cellsOf(store, byWay));
  const some = cells.filter((_, index) => index % EVERY === 0);
  t.comment(`${String(some.length)} of ${String(cells.length)} cells`);
  await runAll(benches, some, ({ cell, wrong }) => t.same(wrong, [], nameOf(cell)));
});
