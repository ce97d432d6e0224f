import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { describeLeftovers } from '../../../daemon/cli/commands/runs/describe-leftovers.ts';
import { hold } from '../../support/held-fifo.ts';
import { overHead, placeRun } from '../../support/placed-run.ts';

const NOW = { force: false, asked: true };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Creates a run whose head and shim were killed, while a process that the head started holds its FIFO. */
async function withLeftover(t: Test) {
  const time = { passed: 0 };
  const placed = await placeRun(t, {
    clock: () => new Date(Date.now() + time.passed),
    elapsed: () => time.passed,
  });
  placed.start();
  const left = await hold(t, join(placed.directory, 'alive'), 'left-behind');
  writeFileSync(join(placed.directory, 'process'), JSON.stringify(overHead));
  const { runs } = placed.modules;
  const look = () => runs.purge(placed.id, NOW);
  await t.rejects(look(), { code: 'run-alive' }, 'the run may be alive');
  return { ...placed, runs, time, left, look };
}

void t.test('reports a leftover process, and ends the run when the process ends', async (t) => {
  const { runs, id, left, look } = await withLeftover(t);
  const run = await runs.find(id);
  t.match(run, {
    state: 'running',
    leftoverProcesses: [{ pid: left.identity.pid, command: /left-behind 600$/ }],
  });
  t.match((await runs.list({ limit: 9 })).items[0], { leftoverProcesses: [{ pid: left.identity.pid }] });
  t.match((await runs.receipt(id)).run.leftoverProcesses?.length, 1);
  t.match(describeLeftovers(run), [
    /^process \d+ outlived nextflow and keeps the run open: .*left-behind 600$/,
    `End it with: kill ${String(left.identity.pid)}. Or remove the secrets anyway: nf-escrow runs purge ${id} --force`,
  ]);
  await left.kill();
  t.match(await look(), { state: 'purged', outcome: 'lost' });
  t.notOk('leftoverProcesses' in (await runs.find(id)));
});

void t.test('a leftover process does not delay the purge beyond the expiry of the lease', async (t) => {
  const { time, look } = await withLeftover(t);
  time.passed += 23 * 60 * MINUTE;
  await t.rejects(look(), { code: 'run-alive' }, 'the lease expires in an hour and is not renewed');
  time.passed += 2 * 60 * MINUTE;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
});

void t.test('ends a run soon after its secrets were removed, even if its FIFO is held', async (t) => {
  const { runs, id, time, look } = await withLeftover(t);
  t.match(await runs.purge(id, { force: true, asked: true }), { state: 'running', pendingRemovals: 0 });
  await t.rejects(look(), { code: 'run-alive' });
  time.passed += 6 * MINUTE;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
});

void t.test('a JVM that a killed launcher left running is the head, and its lease is renewed', async (t) => {
  const time = { passed: 0 };
  const { modules, id, directory, start } = await placeRun(t, {
    clock: () => new Date(Date.now() + time.passed),
    elapsed: () => time.passed,
  });
  start();
  const jvm = await hold(t, join(directory, 'alive'), 'java');
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  for (let days = 0; days < 3; days += 0.5) {
    await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' }, `after ${String(days)} days`);
    time.passed += DAY / 2;
  }
  await jvm.kill();
  t.match(await modules.runs.purge(id, NOW), { state: 'purged' });
});
