import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { recordTaskJobs } from '../../../daemon/runs/purge/orphaned-jobs.ts';
import { overHead, placeRun } from '../../support/placed-run.ts';

const HOUR = 3_600_000;

void t.test('waits for orphaned jobs by the monotonic clock, whatever the system clock says', async (t) => {
  let set = 0;
  let passed = 0;
  const { modules, id, directory, start } = await placeRun(t, {
    onLost: { wait: 3600 },
    clock: () => new Date(Date.now() + set + passed),
    elapsed: () => passed,
  });
  start();
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  await modules.ledger.write((db) =>
    recordTaskJobs(
      db,
      id,
      [{ submitted: { executor: 'slurm', id: '9', name: 'nf-x', workDirectory: null } }],
      'events',
    ),
  );
  const purge = async (): Promise<string> => {
    return (await modules.runs.purge(id, { force: false, asked: false })).state;
  };
  t.equal(await purge(), 'ended', 'its job may still run');
  set = 24 * HOUR;
  t.equal(await purge(), 'ended', 'system clock set forward');
  set = -24 * HOUR;
  passed = HOUR - 60_000;
  t.equal(await purge(), 'ended', 'system clock set back');
  passed = HOUR;
  t.equal(await purge(), 'purged');
});
