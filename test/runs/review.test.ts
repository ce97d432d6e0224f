import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Faults } from '../../daemon/host/steps.ts';
import { assemble, type Otherwise, type Rooms } from '../rooms.ts';
import { until } from '../launcher.ts';
import { temporaryDirectory } from '../temporary.ts';

const MINUTE = 60_000;
const PAST = '2020-01-01T00:00:00.000Z';

interface Found {
  readonly rooms: Rooms;
  readonly runs: string;
  /** Puts a run directory there that no run owns. */
  readonly put: (name: string, expires?: string) => string;
}

async function find(t: Test, faults?: Faults, otherwise?: Otherwise): Promise<Found> {
  const directory = temporaryDirectory(t);
  const runs = join(directory, 'runs');
  const where = {
    ledger: join(directory, 'ledger.db'),
    keyFile: join(directory, 'vault.key'),
    runs,
    output: join(directory, 'output'),
  };
  const rooms = await assemble(where, faults, otherwise);
  t.teardown(rooms.close);
  const put = (name: string, expires = PAST): string => {
    mkdirSync(join(runs, name), { recursive: true, mode: 0o700 });
    writeFileSync(join(runs, name, 'expires'), expires);
    return join(runs, name);
  };
  return { rooms, runs, put };
}

void t.test('a run directory that cannot be removed keeps no other from its review', async (t) => {
  let passed = 0;
  let failed = 0;
  const faults: Faults = (point) =>
    point === 'before returned.remove' && failed++ === 0
      ? Promise.reject(new Error('it cannot be removed'))
      : Promise.resolve();
  const { rooms, runs, put } = await find(t, faults, { elapsed: () => passed, retryMs: 50 });
  for (const name of ['r1', 'r2', 'r3']) put(name);
  await rooms.runs.recover();
  passed += 6 * MINUTE;
  await until('the others went', () => readdirSync(runs).length === 1);
  t.match(rooms.logged(), /it cannot be removed/);
});
