import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { overHead, placeRun, writeExit } from '../../support/placed-run.ts';

const NOW = { force: false, asked: true };

void t.test('detects the end of a head whose scheduler rejects its cancellation', async (t) => {
  const { modules, id, directory, start } = await placeRun(t, { job: {} });
  start();
  t.match(await modules.runs.cancel(id), { state: 'running' });
  t.match(modules.logged(), /cannot cancel the head/);
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  writeExit(directory, 143);
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'cancelled', exitStatus: 143 });
});

void t.test('detects the end of a head whose scheduler never answers a cancellation', async (t) => {
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

void t.test('ends an aborted run even if its job cannot be cancelled', async (t) => {
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

void t.test('keeps a run whose scheduler never reports its job until its leases expire', async (t) => {
  let passed = 0;
  const clock = (): Date => new Date(Date.now() + passed);
  const { modules, id, directory } = await placeRun(t, { job: {}, clock, elapsed: () => passed });
  const isOpen = async (what: string): Promise<void> => {
    await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' }, what);
  };
  await isOpen('the scheduler may report the job soon');
  passed += 4 * 60_000;
  await isOpen('the leases have not expired');
  passed += 25 * 3_600_000;
  const outcomeEvidence = /scheduler reported nothing about the job/;
  t.match(await modules.runs.purge(id, NOW), { state: 'purged', outcome: 'aborted', outcomeEvidence });
  t.notOk(existsSync(directory));
});

void t.test('a wall clock that is set forward does not end the wait for a scheduler', async (t) => {
  let set = 0;
  const { modules, id } = await placeRun(t, { job: {}, clock: () => new Date(Date.now() + set) });
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
  set = 48 * 3_600_000;
  await t.rejects(modules.runs.purge(id, NOW), { code: 'run-alive' });
});
