import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { overHead, placeRun, writeExit } from '../../support/placed-run.ts';

const NOW = { force: false, asked: true };

void t.test('a head whose scheduler takes no cancellation is seen to end all the same', async (t) => {
  const { modules, id, directory, start } = await placeRun(t, { job: {} });
  start();
  t.match(await modules.runs.cancel(id), { state: 'running' });
  t.match(modules.logged(), /cannot cancel the head/);
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  writeExit(directory, 143);
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled', exitStatus: 143 });
});

void t.test('a scheduler that never answers a cancellation keeps no look from the end', async (t) => {
  const { modules, id, directory, start } = await placeRun(t, {
    job: {},
    ask: () => new Promise(() => undefined),
  });
  start();
  t.match(await modules.runs.cancel(id), { state: 'running' });
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  writeExit(directory, 143);
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled', exitStatus: 143 });
});

void t.test('a run that is called off ends, also where its job cannot be cancelled', async (t) => {
  const { modules, id, directory } = await placeRun(t, { job: {} });
  const evidence = 'cancelled before the job started';
  t.match(await modules.runs.cancel(id), {
    state: 'purged',
    outcome: 'cancelled',
    outcomeEvidence: evidence,
  });
  t.notOk(existsSync(directory));
  t.match(modules.logged(), /cannot cancel the job/);
});

void t.test('a run whose scheduler never tells of its job waits for its leases, and no longer', async (t) => {
  let passed = 0;
  const clock = (): Date => new Date(Date.now() + passed);
  const { modules, id, directory } = await placeRun(t, { job: {}, clock, elapsed: () => passed });
  const isOpen = async (what: string): Promise<void> => {
    await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' }, what);
  };
  await isOpen('the scheduler may tell of it any moment');
  passed += 4 * 60_000;
  await isOpen('its leases have long to run');
  passed += 25 * 3_600_000;
  const outcomeEvidence = /scheduler reported nothing about the job/;
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'aborted', outcomeEvidence });
  t.notOk(existsSync(directory));
});

void t.test('a clock that is set forward does not end the waiting for a scheduler', async (t) => {
  let set = 0;
  const { modules, id } = await placeRun(t, { job: {}, clock: () => new Date(Date.now() + set) });
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
  set = 48 * 3_600_000;
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
});
