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

/** As runs are named. */
const idOf = (last: string): string => `r20260101aaaaaaa${last}`;

interface Found {
  readonly modules: DaemonModules;
  readonly runs: string;
  /** Puts a run directory there that no run owns. */
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

void t.test('a run directory that cannot be removed keeps no other from its review', async (t) => {
  let passed = 0;
  let failed = 0;
  const faults: FaultInjector = (point) =>
    point === 'before returned.remove' && failed++ === 0
      ? Promise.reject(new Error('it cannot be removed'))
      : Promise.resolve();
  const { modules, runs, put } = await find(t, { faults, elapsed: () => passed, retryMs: 50 });
  for (const name of ['1', '2', '3']) put(idOf(name));
  await modules.runs.recover();
  passed += 6 * MINUTE;
  await until('the others went', () => readdirSync(runs).length === 1);
  t.match(modules.logged(), /it cannot be removed/);
});

void t.test(
  'what no run owns goes once it was past its expiry in two looks, unless it is alive',
  async (t) => {
    let passed = 0;
    let set = 0;
    let asked = 0;
    const clock = (): Date => new Date(Date.now() + set);
    const elapsed = (): number => ((asked += 1), passed);
    const { modules, runs, put } = await find(t, { clock, elapsed, retryMs: 20 });
    /** Each round asks for the time; one that scans asks at most three times. */
    const rounds = async (): Promise<void> => {
      const before = asked;
      await until('several rounds are complete', () => asked > before + 9);
    };
    const expired = put(idOf('1'));
    const open = put(idOf('2'), new Date(Date.now() + 60 * MINUTE).toISOString());
    const unsaid = put(idOf('3'), 'spoilt');
    const held = put(idOf('4'));
    execFileSync('mkfifo', [join(held, 'alive')]);
    const fd = openSync(join(held, 'alive'), 'r+');
    t.teardown(() => closeSync(fd));
    const away = put(idOf('5'));
    const beat = (count: number): void => {
      writeFileSync(join(away, 'heartbeat'), `${String(count)}.4711\n`);
    };
    beat(1);
    // What a user may keep beside it, long since.
    const users = ['notes', 'raw', 'results', 'r1', 'runs', 'r20260101', 'r20260101aaaaaaa1x'];
    for (const name of users) {
      mkdirSync(join(runs, name));
      utimesSync(join(runs, name), 0, 0);
    }
    set = 24 * 60 * MINUTE;
    const all = [...users, ...['1', '2', '3', '4', '5'].map(idOf)].sort();
    await modules.runs.recover();
    t.same(readdirSync(runs).sort(), all, 'one look is not enough');
    set = 0;
    passed += 4 * MINUTE;
    await rounds();
    t.ok(existsSync(expired), 'nor are two that are close');
    beat(2);
    passed += MINUTE;
    await until('what is past its expiry went', () => !existsSync(expired));
    await rounds(); // the same scan continues with the other directories
    t.ok(existsSync(away), 'its heartbeat goes on');
    passed += 4 * MINUTE;
    await rounds();
    t.ok(existsSync(away), 'which was seen not long ago');
    passed += MINUTE;
    await until('it stopped', () => !existsSync(away));
    t.ok(existsSync(open), 'the clock that made it look old was set back');
    t.ok(existsSync(unsaid), 'it does not say its expiry, and is new');
    t.ok(existsSync(held), 'someone holds its FIFO');
    t.same(
      users.filter((name) => !existsSync(join(runs, name))),
      [],
      'what is none of ours',
    );
  },
);

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
