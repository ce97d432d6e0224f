import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunCommand } from '../../../daemon/schedulers/command.ts';
import { overHead, placeRun, writeExit } from '../../support/placed-run.ts';
import { printed, schedulerSamples } from '../../support/scheduler-samples.ts';

const TASK = `ab/${'0123456789'.repeat(3)}`;

/** Returns the output of squeue for job 42: its state or its origin. */
function answer(args: readonly string[], state: string): string {
  if (!args.includes('--jobs=42')) return schedulerSamples.slurm.listed('42', state);
  return `42|${String(process.geteuid?.())}|${new Date().toISOString().slice(0, 19)}|/w/${TASK}\n`;
}

void t.test('cancel returns the orphaned jobs, even if they end at once', async (t) => {
  let state = 'RUNNING';
  const ask: RunCommand = (program, args) => {
    if (program === 'scancel') state = 'CANCELLED';
    return Promise.resolve(printed(program === 'squeue' ? answer(args, state) : ''));
  };
  const { modules, id, directory, start } = await placeRun(t, { ask });
  start();
  await modules.ledger.write((db) =>
    db
      .insertInto('task_jobs')
      .values({
        ...{ run_id: id, executor: 'slurm', job_id: '42', name: 'look (1)', state: 'submitted' },
        ...{ work_directory: `/w/${TASK}`, source: 'events' },
      })
      .execute(),
  );
  await modules.ledger.write((db) =>
    db.updateTable('runs').set({ work_expected: '/w' }).where('id', '=', id).execute(),
  );
  writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
  writeExit(directory, 137);
  const left = [{ executor: 'slurm', id: '42', name: 'look (1)' }];
  t.match(await modules.runs.purge(id, { force: false, asked: true }), {
    state: 'purged',
    orphanedJobs: left,
  });
  t.equal(state, 'RUNNING', 'the purge does not cancel the job');
  t.same((await modules.runs.cancel(id)).orphanedJobs, left);
  t.equal(state, 'CANCELLED');
});
