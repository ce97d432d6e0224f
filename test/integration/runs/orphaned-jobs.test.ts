import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunCommand } from '../../../daemon/schedulers/command.ts';
import { overHead, placeRun } from '../../support/placed-run.ts';

void t.test(
  'who cancels the jobs that a dead head left is told which they were, however fast they end',
  async (t) => {
    let state = 'RUNNING';
    const ask: RunCommand = (program) => {
      if (program === 'scancel') state = 'CANCELLED';
      const line = `${'42'.padStart(20)}${state.padStart(24)}${'0'.padStart(12)}\n`;
      return Promise.resolve({ status: 0, stdout: program === 'squeue' ? line : '', stderr: '' });
    };
    const { modules, id, directory, start } = await placeRun(t, { ask });
    start();
    await modules.ledger.write((db) =>
      db
        .insertInto('task_jobs')
        .values({ run_id: id, executor: 'slurm', job_id: '42', name: 'look (1)', state: 'submitted' })
        .execute(),
    );
    writeFileSync(join(directory, 'process'), JSON.stringify(overHead));
    writeFileSync(join(directory, 'exit'), '137\n');
    const left = [{ executor: 'slurm', id: '42', name: 'look (1)' }];
    t.match(await modules.runs.purge(id, { force: false, asked: true }), {
      state: 'purged',
      orphanedJobs: left,
    });
    t.equal(state, 'RUNNING', 'nobody has cancelled it');
    t.same((await modules.runs.cancel(id)).orphanedJobs, left);
    t.equal(state, 'CANCELLED');
  },
);
