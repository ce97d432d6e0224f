// A run within a job that its scheduler has restarted. The daemon may still have the scheduler's answer from before.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunCommand } from '../../../daemon/schedulers/command.ts';
import { FakeServer, fakeLsf } from '../../support/fake-schedulers.ts';
import { openModules, overHead, startRun } from '../../support/placed-run.ts';

const JOB = { executor: 'lsf', id: '7', restarts: null } as const;

void t.test('does not purge a run because its job waited before the restart', async (t) => {
  const server = new FakeServer();
  server.add('user', JOB.id); // the fake reports each job as waiting
  let pass: () => void = () => undefined;
  const isAnswered = new Promise<void>((resolve) => (pass = resolve));
  const ask: RunCommand = async (...command) => {
    const answer = fakeLsf(server)(...command);
    pass();
    return answer;
  };
  const { modules, runs, launch } = await openModules(t, { ask });
  const { jobStatus } = modules.deps;
  jobStatus.status(JOB.executor, JOB.id);
  await isAnswered;
  await jobStatus.settled();
  t.match(jobStatus.status(JOB.executor, JOB.id), { phase: 'waiting' });
  const elsewhere = { ...overHead, host: 'elsewhere', bootId: '4711' };
  const { run } = await modules.runs.create({
    selection: {},
    launchDirectory: launch,
    nextflow: '/bin/true',
    arguments: ['run', 'x'],
    localStore: null,
    launcher: elsewhere,
    enclosingJob: JOB,
  });
  const directory = join(runs, run?.id ?? '');
  startRun(directory);
  rmSync(join(directory, 'alive')); // a FIFO does not show holders on another host
  writeFileSync(join(directory, 'process'), JSON.stringify(elsewhere));
  await t.rejects(modules.runs.purge(run?.id ?? '', { force: false, asked: true }), { code: 'run-alive' });
  t.match(await modules.runs.find(run?.id ?? ''), { state: 'running' });
});
