import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { FaultInjector } from '../../../daemon/system/steps.ts';
import type { DaemonModules } from '../../support/daemon-modules.ts';
import { until } from '../../support/sandbox.ts';
import { readExpiry } from '../../../daemon/run-directory/expiry.ts';
import { openModules } from '../../support/placed-run.ts';

const MINUTE = 60_000;
const PAST = '2020-01-01T00:00:00.000Z';

/** Returns a run id. */
const idOf = (last: string): string => `r20260101aaaaaaa${last}`;

interface Found {
  readonly modules: DaemonModules;
  readonly runs: string;
  /** Creates a run directory without a run. */
  readonly put: (name: string, expires?: string) => string;
}

async function find(t: Test, options: Parameters<typeof openModules>[1]): Promise<Found> {
  const { modules, runs } = await openModules(t, options);
  const put = (name: string, expires = PAST): string => {
    mkdirSync(join(runs, name), { recursive: true, mode: 0o700 });
    writeFileSync(join(runs, name, 'expires'), expires);
    return join(runs, name);
  };
  return { modules, runs, put };
}

void t.test('reviews other run directories if one cannot be removed', async (t) => {
  let passed = 0;
  let failed = 0;
  const faults: FaultInjector = (point) =>
    point === 'before returned.remove' && failed++ === 0
      ? Promise.reject(new Error('removal not possible'))
      : Promise.resolve();
  const { modules, runs, put } = await find(t, { faults, elapsed: () => passed, retryMs: 50 });
  for (const name of ['1', '2', '3']) put(idOf(name));
  await modules.runs.recover();
  passed += 6 * MINUTE;
  await until('the others are removed', () => readdirSync(runs).length === 1);
  t.match(modules.logged(), /removal not possible/);
});

void t.test('removes a directory without a run once two scans found it expired and not alive', async (t) => {
  let passed = 0;
  let set = 0;
  let asked = 0;
  const clock = (): Date => new Date(Date.now() + set);
  const elapsed = (): number => ((asked += 1), passed);
  const { modules, runs, put } = await find(t, { clock, elapsed, retryMs: 20 });
  /** Each round reads the clock. A round with a scan reads it at most three times. */
  const rounds = async (): Promise<void> => {
    const before = asked;
    await until('several rounds are complete', () => asked > before + 9);
  };
  const expired = put(idOf('1'));
  const open = put(idOf('2'), new Date(Date.now() + 60 * MINUTE).toISOString());
  const unsaid = put(idOf('3'), 'invalid');
  const held = put(idOf('4'));
  execFileSync('mkfifo', [join(held, 'alive')]);
  const fd = openSync(join(held, 'alive'), 'r+');
  t.teardown(() => closeSync(fd));
  const away = put(idOf('5'));
  const beat = (count: number): void => {
    writeFileSync(join(away, 'heartbeat'), `${String(count)}.4711\n`);
  };
  beat(1);
  // Old directories of the user.
  const users = ['notes', 'raw', 'results', 'r1', 'runs', 'r20260101', 'r20260101aaaaaaa1x'];
  for (const name of users) {
    mkdirSync(join(runs, name));
    utimesSync(join(runs, name), 0, 0);
  }
  set = 24 * 60 * MINUTE;
  const all = [...users, ...['1', '2', '3', '4', '5'].map(idOf)].sort();
  await modules.runs.recover();
  t.same(readdirSync(runs).sort(), all, 'one scan is not enough');
  set = 0;
  passed += 4 * MINUTE;
  await rounds();
  t.ok(existsSync(expired), 'two scans in short succession are not enough');
  beat(2);
  passed += MINUTE;
  await until('the expired one is removed', () => !existsSync(expired));
  await rounds(); // the same scan continues with the other directories
  t.ok(existsSync(away), 'its heartbeat increases');
  passed += 4 * MINUTE;
  await rounds();
  t.ok(existsSync(away), 'its last heartbeat is recent');
  passed += MINUTE;
  await until('its heartbeat stopped', () => !existsSync(away));
  t.ok(existsSync(open), 'it is not expired after the clock was set back');
  t.ok(existsSync(unsaid), 'it is new and states no valid expiry');
  t.ok(existsSync(held), 'a process holds its FIFO');
  t.same(
    users.filter((name) => !existsSync(join(runs, name))),
    [],
    'directories of the user are kept',
  );
});

void t.test('limits an expiry that a task has forged to one lease', async (t) => {
  let passed = 0;
  const clock = (): Date => new Date(Date.now() + 25 * 60 * MINUTE);
  const { modules, runs, put } = await find(t, { clock, elapsed: () => passed, retryMs: 20 });
  const forged = put(idOf('1'), '2999-01-01T00:00:00.000Z');
  const expiry = (readExpiry(forged) ?? 0) - Date.now();
  t.ok(expiry > 23 * 60 * MINUTE && expiry <= 24 * 60 * MINUTE);
  await modules.runs.recover();
  passed += 6 * MINUTE;
  await until('it is removed', () => readdirSync(runs).length === 0);
});
