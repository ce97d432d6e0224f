import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { overHead, placeRun } from '../../support/placed-run.ts';

const NOW = { force: false, asked: true };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A head that runs on another host, of which nothing is seen but what its shim writes. */
async function placeElsewhere(t: Test) {
  const time = { passed: 0, set: 0 };
  const clock = (): Date => new Date(Date.now() + time.passed + time.set);
  const placed = await placeRun(t, { clock, elapsed: () => time.passed });
  placed.start();
  rmSync(join(placed.directory, 'alive')); // a FIFO tells nothing of another host's kernel
  writeFileSync(
    join(placed.directory, 'process'),
    JSON.stringify({ ...overHead, host: 'elsewhere', bootId: '4711' }),
  );
  const look = () => placed.modules.runs.purge(placed.id, NOW);
  const isOpen = (what: string) => t.rejects(look(), { code: 'run-alive' }, what);
  return { ...placed, time, look, isOpen };
}

void t.test('a head that nobody can see is waited for until its leases run out, and no longer', async (t) => {
  const { directory, time, look, isOpen } = await placeElsewhere(t);
  await isOpen('it may live');
  time.passed += 4 * MINUTE;
  time.set = 2 * DAY;
  await isOpen('a clock that is set is not believed at once');
  time.set = 0;
  time.passed += 2 * MINUTE;
  await isOpen('its leases have long to run');
  time.passed += 2 * DAY;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
  t.notOk(existsSync(directory));
});

void t.test('while its shim counts on its leases move on with it', async (t) => {
  const { directory, time, look, isOpen } = await placeElsewhere(t);
  let count = 0;
  const beat = (): void => {
    writeFileSync(join(directory, 'heartbeat'), `${String((count += 1))}.4711\n`);
  };
  beat();
  await isOpen('what stands there may be old');
  for (let hours = 0; hours < 72; hours += 6) {
    time.passed += 6 * 60 * MINUTE;
    beat();
    await isOpen(`it lives after ${String(hours)} hours`);
  }
  time.passed += 3 * MINUTE;
  await isOpen('it was seen not long ago');
  time.passed += 10 * MINUTE;
  await isOpen('and its leases were moved on then');
  time.passed += 2 * DAY;
  t.match(await look(), { state: 'purged', outcome: 'lost' });
});
