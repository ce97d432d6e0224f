import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { describeLeftovers } from '../../../daemon/cli/commands/runs/describe-leftovers.ts';
import { hold } from '../../support/held-fifo.ts';
import { overHead, placeRun } from '../../support/placed-run.ts';

const NOW = { force: false, asked: true };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A run whose head was killed with its shim, while a process that it started holds its FIFO. */
async function leftBehind(t: Test) {
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
  await t.rejects(look(), { code: 'run-alive' }, 'it may be alive');
  return { ...placed, runs, time, left, look };
}

void t.test('a leftover process is told, and the run ends with it', async (t) => {
  const { runs, id, left, look } = await leftBehind(t);
  const run = await runs.find(id);
  t.match(run, {
    state: 'running',
    leftoverProcesses: [{ pid: left.identity.pid, command: /left-behind 600$/ }],
  });
  t.match((await runs.list({ limit: 9 }))[0], { leftoverProcesses: [{ pid: left.identity.pid }] });
  t.match((await runs.receipt(id)).run.leftoverProcesses?.length, 1);
  t.match(describeLeftovers(run), [
    /^process \d+ outlived nextflow and keeps the run open: .*left-behind 600$/,
    `to end it: kill ${String(left.identity.pid)}; or remove the secrets all the same: nf-escrow runs purge ${id} --force`,
  ]);
  await left.kill();
  t.match(await look(), { state: 'purged', outcome: 'lost' });
  t.notOk('leftoverProcesses' in (await runs.find(id)));
});

void t.test('a leftover process keeps secrets no longer than their lease', async (t) => {
  const { time, look } = await leftBehind(t);
  time.passed += 23 * 60 * MINUTE;
  await t.rejects(look(), { code: 'run-alive' }, 'its lease has an hour to run, and is not renewed');
  time.passed += 2 * 60 * MINUTE;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
});

void t.test('a run whose secrets were taken away is over soon, whoever holds its FIFO', async (t) => {
  const { runs, id, time, look } = await leftBehind(t);
  t.match(await runs.purge(id, { force: true, asked: true }), { state: 'running', pendingRemovals: 0 });
  await t.rejects(look(), { code: 'run-alive' });
  time.passed += 6 * MINUTE;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
});

void t.test('a JVM that a killed launcher left is the head, and its lease moves on', async (t) => {
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
