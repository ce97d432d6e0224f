import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { overHead, placeRun } from '../../support/placed-run.ts';

const NOW = { force: false, asked: true };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A head on another host, of which only the files of its shim are visible. */
async function placeElsewhere(t: Test) {
  const time = { passed: 0, set: 0 };
  const clock = (): Date => new Date(Date.now() + time.passed + time.set);
  const placed = await placeRun(t, { clock, elapsed: () => time.passed });
  placed.start();
  rmSync(join(placed.directory, 'alive')); // a FIFO does not show holders on another host
  writeFileSync(
    join(placed.directory, 'process'),
    JSON.stringify({ ...overHead, host: 'elsewhere', bootId: '4711' }),
  );
  const look = () => placed.modules.runs.purge(placed.id, NOW);
  const isOpen = (what: string) => t.rejects(look(), { code: 'run-alive' }, what);
  return { ...placed, time, look, isOpen };
}

void t.test('keeps a run with an invisible head until its leases expire', async (t) => {
  const { directory, time, look, isOpen } = await placeElsewhere(t);
  await isOpen('the head may be alive');
  time.passed += 4 * MINUTE;
  time.set = 2 * DAY;
  await isOpen('the wall clock was set forward');
  time.set = 0;
  time.passed += 2 * MINUTE;
  await isOpen('the leases have not expired');
  time.passed += 2 * DAY;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
  t.notOk(existsSync(directory));
});

void t.test('renews leases while the heartbeat of the shim increases', async (t) => {
  const { directory, time, look, isOpen } = await placeElsewhere(t);
  let count = 0;
  const beat = (): void => {
    writeFileSync(join(directory, 'heartbeat'), `${String((count += 1))}.4711\n`);
  };
  beat();
  await isOpen('the first count may be old');
  for (let hours = 0; hours < 72; hours += 6) {
    time.passed += 6 * 60 * MINUTE;
    beat();
    await isOpen(`alive after ${String(hours)} hours`);
  }
  time.passed += 3 * MINUTE;
  await isOpen('the last heartbeat is recent');
  time.passed += 10 * MINUTE;
  await isOpen('the renewed leases have not expired');
  time.passed += 2 * DAY;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
});
