import { watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { getRun, leasesOf } from '../../../daemon/runs/records/queries.ts';
import type { FaultInjector } from '../../../daemon/system/steps.ts';
import { PurgeHold } from '../../../daemon/runs/purge/purge-hold.ts';
import { RunWatch } from '../../../daemon/runs/watch/run-watch.ts';
import { until } from '../../support/sandbox.ts';
import { openModules, overHead, placeRun, startRun, writeExit } from '../../support/placed-run.ts';

void t.test('records a head that starts and ends within one poll, and its log', async (t) => {
  let isOver = false;
  const faults: FaultInjector = (point) => {
    // The poll has not seen a head yet and writes the events of the plugin.
    if (point === 'before records.write' && !isOver) {
      isOver = true;
      writeFileSync(join(launch, '.nextflow.log'), `  Process: ${String(overHead.pid)}@here [127.0.0.1]\n`);
      writeFileSync(join(run, 'process'), JSON.stringify(overHead));
      writeExit(run, 3);
    }
    return Promise.resolve();
  };
  const { modules, runs, launch, place } = await openModules(t, { faults });
  const id = await place();
  const run = join(runs, id);
  writeFileSync(join(run, 'events.jsonl'), '{"type":"run.begin","name":"quick"}\n');
  startRun(run);
  const ended = await modules.runs.purge(id, { force: false, asked: true });
  t.ok(isOver, 'it happened within a poll');
  t.match(ended, {
    state: 'purged',
    exitStatus: 3,
    runName: 'quick',
    logFile: join(launch, '.nextflow.log'),
  });
});

void t.test('reads lines after a partially written one, and ignores empty lines', async (t) => {
  const { modules, id, directory, start } = await placeRun(t);
  const lines = ['{"type":"run.beg', '{"type":"run.begin","name":"whole"}', '', ''];
  writeFileSync(join(directory, 'events.jsonl'), lines.join('\n'));
  start();
  await modules.runs.purge(id, { force: false, asked: true });
  t.equal((await modules.runs.find(id)).runName, 'whole');
  t.equal((await modules.runs.tasks(id, { limit: 1 })).traceErrors, 1);
});

void t.test('retries a purge that cannot be recorded with exponential backoff', async (t) => {
  let tries = 0;
  let passed = 0;
  const faults: FaultInjector = (point) =>
    point !== 'before lease.record-removing' || (tries += 1) > 3
      ? Promise.resolve()
      : Promise.reject(new Error('the ledger is locked'));
  const { modules, id } = await placeRun(t, { faults, elapsed: () => passed });
  const { db } = modules.ledger;
  await modules.runs.cancel(id);
  await modules.runs.stop();
  const [lease] = await leasesOf(db, id);
  if (lease === undefined) throw new Error('no lease');
  tries = 0;
  const watch = new RunWatch(
    modules.deps,
    await getRun(db, id),
    lease,
    new PurgeHold(modules.deps),
    () => undefined,
  );
  t.teardown(() => watch.stop());
  // A pause is at least half of its bound: 2, 4 and 8 s.
  for (const [at, expected] of [
    [0, 1],
    [999, 1],
    [2000, 2],
    [3999, 2],
    [6000, 3],
    [9999, 3],
    [14_000, 4],
  ] as const) {
    passed = at;
    await watch.poll();
    t.equal(tries, expected, `after ${String(at)} ms`);
  }
  t.equal((await getRun(db, id)).state, 'purged');
});

void t.test('watches a run once that is placed during a maintenance round', async (t) => {
  const rounds: Promise<void>[] = [];
  const faults: FaultInjector = async (point) => {
    if (point !== 'after run.record-materialized' || rounds.length > 0) return;
    rounds.push(modules.runs.recover());
    await rounds[0];
  };
  const { modules, runs, place } = await openModules(t, { faults });
  const id = await place();
  t.equal(rounds.length, 1);
  t.equal(modules.runs.watching, 1);
  await modules.runs.stop();
  const notified = new Promise<void>((resolve) => {
    const own = watch(join(runs, id, 'wake'), () => {
      own.close();
      resolve();
    });
  });
  startRun(join(runs, id));
  await notified; // the kernel has notified a second watch as well
  for (let reads = 0; reads < 20; reads += 1)
    t.match(await modules.runs.find(id), { state: 'materialized' }, 'no second watch acts on it');
});

void t.test('a maintenance round does not abort a run that is being placed', async (t) => {
  let resume = (): void => undefined;
  const placing: Promise<string>[] = [];
  const listed = new Promise<void>((resolve) => (resume = resolve));
  const faults: FaultInjector = async (point) => {
    if (point === 'before run.record-materialized' && placing.length > 0) await listed;
    if (point !== 'before run.record-aborted') return;
    resume(); // the round has seen both as `created`
    await placing[0];
  };
  const { modules, place } = await openModules(t, { faults });
  const left = await place();
  await modules.runs.stop();
  await modules.ledger.write((db) =>
    db.updateTable('runs').set({ state: 'created' }).where('id', '=', left).execute(),
  );
  placing.push(place());
  await until('the run is recorded', async () => (await modules.runs.list({ limit: 9 })).items.length === 2);
  await modules.runs.recover();
  t.match(await modules.runs.find(left), { state: 'purged', outcome: 'aborted' });
  t.match(await modules.runs.find((await placing[0]) ?? ''), { state: 'materialized' });
});
