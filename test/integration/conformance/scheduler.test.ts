import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Executor } from '../../../daemon/contract/types.ts';
import type { RunCommand } from '../../../daemon/schedulers/command.ts';
import { createScheduler } from '../../../daemon/schedulers/create-scheduler.ts';
import { executors } from '../../../daemon/schedulers/registry.ts';
import { runCommand } from '../../../daemon/schedulers/run-command.ts';
import type { Scheduler, Submission } from '../../../daemon/schedulers/scheduler.ts';
import { until } from '../../support/sandbox.ts';
import { realGridEngine } from '../../support/grid-engine.ts';
import { FakeServer, fakeLsf, fakePbs } from '../../support/fake-schedulers.ts';
import { schedulerSamples } from '../../support/scheduler-samples.ts';
import { realSlurm } from '../../support/slurm.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** A scheduler under test. */
interface Candidate {
  readonly scheduler: Scheduler;
  /** Options that it rejects. */
  readonly badOptions: readonly string[];
  readonly unknownId: string;
  /** Stops its server. Returns a function that starts it again. */
  readonly stopServer: () => Promise<() => Promise<void>>;
  /** Whether it runs jobs. */
  readonly real: boolean;
}

/** All registered schedulers. daemon/schedulers/scheduler.ts describes the contract. */
const candidates: Readonly<Record<Executor, (t: Test) => Promise<Candidate | undefined>>> = {
  slurm: async (t) => {
    const slurm = await realSlurm(t);
    if (slurm === undefined) return undefined;
    process.env['SLURM_CONF'] = slurm.env.SLURM_CONF;
    return {
      scheduler: createScheduler('slurm'),
      badOptions: ['--partition=nosuch'],
      unknownId: '999999',
      stopServer: async () => {
        await slurm.stopController();
        return async () => {
          slurm.startController();
          await slurm.ready();
        };
      },
      real: true,
    };
  },
  sge: async (t) => {
    const cell = await realGridEngine(t);
    if (cell === undefined) return undefined;
    Object.assign(process.env, cell.env);
    return {
      scheduler: createScheduler('sge'),
      badOptions: ['-q', 'nosuch.q'],
      unknownId: '999999',
      stopServer: async () => {
        await cell.stopMaster();
        return () => cell.startMaster();
      },
      real: true,
    };
  },
  pbs: async () => {
    const server = new FakeServer();
    return fake(createScheduler('pbs', fakePbs(server)), server, ['-l', 'nosuch=1'], '999.pbs');
  },
  lsf: async () => {
    const server = new FakeServer();
    return fake(createScheduler('lsf', fakeLsf(server)), server, ['-R', 'nosuch['], '999');
  },
};

function fake(scheduler: Scheduler, server: FakeServer, badOptions: string[], unknownId: string): Candidate {
  const stopServer = async (): Promise<() => Promise<void>> => {
    server.down = true;
    return async () => {
      server.down = false;
    };
  };
  return { scheduler, badOptions, unknownId, stopServer, real: false };
}

for (const kind of executors) {
  void t.test(kind, async (t) => {
    const candidate = await candidates[kind](t);
    if (candidate === undefined) return;
    const { scheduler, unknownId } = candidate;
    const directory = temporaryDirectory(t);
    const submission = (name: string, text = 'sleep 600'): Submission => {
      const script = join(directory, name);
      writeFileSync(script, `#!/bin/bash\n${text}\n`, { mode: 0o755 });
      return { name, script, output: join(directory, `${name}.out`), requeue: false, options: [] };
    };
    const phase = async (id: string): Promise<string | undefined> =>
      (await scheduler.jobs([id])).get(id)?.phase;
    t.equal(scheduler.executor, kind);

    await t.test('submits a job, lists it and finds it by name', async (t) => {
      const id = await scheduler.submit(submission('nf-escrow-r1'));
      t.ok(['waiting', 'running'].includes((await phase(id)) ?? ''));
      t.same(await scheduler.find('nf-escrow-r1'), [id]);
      t.same(await scheduler.find('nf-escrow-r0'), []);
    });

    await t.test('lists only the requested jobs', async (t) => {
      const ids = [
        await scheduler.submit(submission('nf-escrow-r2')),
        await scheduler.submit(submission('nf-escrow-r3')),
      ];
      await scheduler.submit(submission('nf-escrow-r4'));
      const found = await scheduler.jobs([...ids, unknownId]);
      t.same([...found.keys()].sort(), [...ids].sort());
      t.equal((await scheduler.jobs([unknownId])).size, 0, 'omits an unknown job');
      t.equal((await scheduler.jobs([])).size, 0);
    });

    await t.test('reports the origin of a job, and undefined for an unknown job', async (t) => {
      const before = Date.now();
      const id = await scheduler.submit(submission('nf-escrow-r10'));
      const origin = await scheduler.origin(id);
      t.match(origin, { isOurs: true, workDirectory: process.cwd(), owner: String });
      t.ok((origin?.submittedAt ?? 0) >= before, 'to the second or the minute, rounded up');
      t.ok((origin?.submittedAt ?? Infinity) < Date.now() + 61_000);
      t.equal(await scheduler.origin(unknownId), undefined);
      for (const odd of ['--me', '1,2', '1_[1-9]', '*', '1;x', '$(id)', ''])
        await t.rejects(scheduler.origin(odd), { code: 'request-unprocessable' }, odd);
    });

    await t.test('cancels idempotently, including unknown jobs', async (t) => {
      const id = await scheduler.submit(submission('nf-escrow-r5'));
      await scheduler.cancel(id);
      await until('the job has ended or is unknown', async () =>
        ['ended', undefined].includes(await phase(id)),
      );
      await t.resolves(scheduler.cancel(id));
      await t.resolves(scheduler.cancel(unknownId));
    });

    await t.test("rejects a submission with the scheduler's message", async (t) => {
      const bad = { ...submission('nf-escrow-r6'), options: candidate.badOptions };
      await t.rejects(scheduler.submit(bad), {
        code: 'scheduler-rejected',
        message: /rejected the request: .*\w+/,
      });
      t.same(await scheduler.find('nf-escrow-r6'), [], 'creates no job');
    });

    if (candidate.real)
      await t.test("writes the job's output and does not pass on the submitter's environment", async (t) => {
        process.env['OF_THE_SUBMITTER'] = 'not for the job';
        const wanted = submission('nf-escrow-r9', 'echo "got ${OF_THE_SUBMITTER-nothing}"');
        const id = await scheduler.submit(wanted);
        await until('the job has ended', async () => ['ended', undefined].includes(await phase(id)));
        t.equal(readFileSync(wanted.output, 'utf8'), 'got nothing\n');
      });

    // Last, because nodes need time to reconnect to a restarted server.
    await t.test('reports an unavailable server', async (t) => {
      const id = await scheduler.submit(submission('nf-escrow-r7'));
      const startServer = await candidate.stopServer();
      const down = { code: 'scheduler-unavailable' };
      await t.rejects(scheduler.jobs([id]), down);
      await t.rejects(scheduler.find('nf-escrow-r7'), down);
      await t.rejects(scheduler.cancel(id), down);
      await t.rejects(scheduler.origin(id), down);
      await t.rejects(scheduler.submit(submission('nf-escrow-r8')), down);
      await startServer();
      t.ok(['waiting', 'running'].includes((await phase(id)) ?? ''), 'lists the job again');
    });
  });
}

void t.test('treats unexpected output as an unavailable scheduler', async (t) => {
  for (const executor of executors) {
    const [id = ''] = schedulerSamples[executor].ids;
    for (const stdout of [
      'Welcome to the cluster!\n',
      '12 RUNNING\n',
      '<job_list state="running"></job_list>',
    ]) {
      const garbage: RunCommand = async () => ({ status: 0, stdout, stderr: '' });
      await t.rejects(
        createScheduler(executor, garbage).jobs([id]),
        { code: 'scheduler-unavailable' },
        `${executor}: ${stdout}`,
      );
    }
    const silent: RunCommand = async () => ({ status: 1, stdout: '', stderr: '' });
    const scheduler = createScheduler(executor, silent);
    await t.rejects(scheduler.jobs([id]), { code: 'scheduler-unavailable' });
    await t.rejects(scheduler.find('nf-escrow-r1'), { code: 'scheduler-unavailable' });
    await t.rejects(scheduler.cancel(id), { code: 'scheduler-unavailable' });
    await t.rejects(scheduler.origin(id), { code: 'scheduler-unavailable' });
  }
});

void t.test('reports a missing command', async (t) => {
  await t.rejects(runCommand('nf-escrow-no-such-command', []), {
    code: 'scheduler-unavailable',
    message: /not on PATH/,
  });
});
