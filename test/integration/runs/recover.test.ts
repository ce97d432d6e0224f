import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Runs } from '../../../daemon/runs/runs.ts';
import type { LeaseRemover } from '../../../daemon/stores/store.ts';
import { until } from '../../support/sandbox.ts';
import { openModules, overHead, startRun, writeExit } from '../../support/placed-run.ts';

void t.test('watches other runs while a store is unreachable', async (t) => {
  const { modules, runs, place } = await openModules(t);
  const [halfPlaced, lives] = [await place(), await place()];
  await modules.runs.stop();
  // The daemon died while it placed this run, and its store is unreachable now.
  const { db } = modules.ledger;
  await db.updateTable('runs').set({ state: 'created' }).where('id', '=', halfPlaced).execute();
  const { runDirectories } = modules.deps;
  const away: LeaseRemover = {
    kind: runDirectories.kind,
    remove: (place) =>
      place.target.endsWith(halfPlaced) ? new Promise(() => undefined) : runDirectories.remove(place),
    inspect: (place) => runDirectories.inspect(place),
    inspectOnce: (place) => runDirectories.inspectOnce(place),
  };
  const next = new Runs({ ...modules.deps, removers: new Map([[away.kind, away]]) });
  t.teardown(() => next.stop());
  await next.adopt();
  void next.recover();
  const run = join(runs, lives);
  startRun(run);
  writeFileSync(join(run, 'process'), JSON.stringify(overHead));
  writeExit(run, 0);
  await until('purged', async () => ((await next.find(lives)).state === 'purged' ? true : undefined));
  t.equal((await next.find(halfPlaced)).state, 'ended');
  t.ok(next.watching > 0, 'a daemon with unfinished runs is not idle');
});
