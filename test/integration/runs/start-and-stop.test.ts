// Timers, file watchers and descriptors that keep a process alive after stop().
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { Maintenance } from '../../../daemon/runs/maintenance.ts';
import { PurgeHold } from '../../../daemon/runs/purge/purge-hold.ts';
import { WakeUps } from '../../../daemon/runs/watch/wake-ups.ts';
import { RunWatches } from '../../../daemon/runs/watches.ts';
import { hold } from '../../support/held-fifo.ts';
import { openModules } from '../../support/placed-run.ts';
import { until } from '../../support/sandbox.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Returns the resources that keep this process alive, without those that the work itself opens and closes. */
function active(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => ['Timeout', 'FSEventWrap', 'PipeWrap'].includes(name))
    .sort();
}

void t.test('maintenance that was started twice stops', async (t) => {
  const { modules } = await openModules(t);
  const { deps } = modules;
  const before = active();
  const maintenance = new Maintenance(deps, new RunWatches(deps, new PurgeHold(deps)), new Set(), {});
  await Promise.all([maintenance.start(), maintenance.start()]);
  maintenance.stop();
  t.same(active(), before);
  void maintenance.start();
  t.not(active().length, before.length, 'it can be started again');
  maintenance.stop();
  t.same(active(), before);
});

void t.test('wake-ups that were started twice stop, and a late poll starts nothing', async (t) => {
  const directory = temporaryDirectory(t);
  execFileSync('mkfifo', [join(directory, 'alive')]);
  await hold(t, join(directory, 'alive'), 'java');
  const before = active();
  const wakeUps = new WakeUps(
    () => directory,
    () => undefined,
    {
      watching: 1,
      isObserved: true,
      takeTurn: (work: () => void): void => {
        work();
      },
    },
  );
  wakeUps.start(() => []);
  wakeUps.start(() => []);
  t.not(active().length, before.length);
  wakeUps.stop();
  wakeUps.waitForRelease();
  wakeUps.continueSoon();
  wakeUps.start(() => []);
  // The kernel's file watches are closed asynchronously.
  await until('everything stopped', () => (active().join() === before.join() ? true : undefined));
});
