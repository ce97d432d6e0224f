// Orphaned jobs on AWS Batch: reported, and terminated on request.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Audit, JournalEvent, Run, RunList } from '../../../daemon/contract/types.ts';
import { register, submit } from '../../support/aws/batch.ts';
import { boxOn } from '../../support/aws/aws-sandbox.ts';
import { BatchAgent } from '../../support/aws/batch-agent.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { until, type Sandbox } from '../../support/sandbox.ts';

/** A fake head: writes the events that the test provides in place of the plugin, then waits to be killed. */
const HEAD =
  'touch here; while [ ! -e event ]; do sleep 0.05; done; cat event >>"$NF_ESCROW_RUN/events.jsonl"; exec sleep 60';

const TASK = `s3://nf-work/run/ab/${'0123456789'.repeat(3)}`;

interface Stage {
  readonly aws: StrictAws;
  readonly agent: BatchAgent;
  readonly box: Sandbox;
  /** Id of a run whose head was killed, and id of its job, which continues. */
  readonly run: string;
  readonly job: string;
}

/** Runs a test with a run whose head is killed while its job runs on AWS Batch. `others` adds events. */
function withDeadHead(
  title: string,
  onLost: string,
  body: (t: Test, stage: Stage) => Promise<void>,
  others: (aws: StrictAws) => Promise<object[]> = async () => [],
): void {
  withAws(title, async (inner, aws) => {
    const agent = BatchAgent.behind(inner, aws);
    const box = await boxOn(inner, aws);
    await box.escrow(['daemon', 'stop']);
    box.env['NF_ESCROW_ON_LOST'] = onLost;
    const started = box.start(['run', '--compute-env', 'batch', HEAD]);
    await until('the head runs', () => existsSync(join(box.launch, 'here')));
    const { id } = (await box.json<RunList>(['runs', 'list'])).runs[0] ?? { id: '' };
    const definition = await register(aws, 'nf-escrow-debian', { 'nf-escrow:run': id });
    const job = await submit(aws, definition, ['sleep', '60']);
    await until('the job runs', () => agent.jobs.get(job)?.status === 'RUNNING');
    const at = new Date().toISOString();
    const events = [
      ...(await others(aws)),
      { at, type: 'task.submit', task: '1', executor: 'awsbatch', native: job, name: 'align (1)' },
      { at, type: 'task.submit', task: '2', executor: 'local', native: '4711', name: 'local (1)' },
    ];
    writeFileSync(join(box.launch, 'event'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    await until('the daemon knows the job', async () => {
      const { text } = await box.http('GET', `/v1/runs/${id}/tasks`);
      return text.includes(job) ? true : undefined;
    });
    const { pid } = JSON.parse(readFileSync(join(box.state, 'runs', id, 'process'), 'utf8')) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    await started.ended;
    await body(inner, { aws, agent, box, run: id, job });
  });
}

async function purged({ box, run }: Stage): Promise<Run> {
  return until('purged', async () => {
    const found = await box.json<Run>(['runs', 'show', run]);
    return found.state === 'purged' ? found : undefined;
  });
}

async function cancelled({ box, run }: Stage): Promise<JournalEvent[]> {
  const { text } = await box.http('GET', `/v1/runs/${run}/events`);
  return text
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => JSON.parse(line.slice(5)) as JournalEvent)
    .filter(({ type }) => type === 'run.orphaned-jobs-cancelled');
}

withDeadHead('status lists orphaned jobs and runs cancel terminates them', 'purge-now', async (t, stage) => {
  const { aws, agent, box, run, job } = stage;
  const left = { executor: 'awsbatch', id: job, name: 'align (1)' };
  t.same((await purged(stage)).orphanedJobs, [left], 'lists the job on AWS Batch although the run is purged');
  t.same(await aws.secrets(), []);
  t.match((await box.escrow(['status'])).stdout, `1 orphaned job. To cancel: nf-escrow runs cancel ${run}`);
  t.equal(agent.jobs.get(job)?.status, 'RUNNING', 'is not terminated without a request');
  aws.rules.down = true;
  t.match(await box.escrow(['runs', 'cancel', run]), { status: 69, stderr: /AWS in eu-west-1/ });
  t.same(
    (await box.json<Run>(['runs', 'show', run])).orphanedJobs,
    [left],
    'a failed cancellation keeps it on the list',
  );
  aws.rules.down = false;
  t.equal((await box.escrow(['runs', 'cancel', run])).status, 0);
  await until('the job has ended', () => agent.jobs.get(job)?.status === 'FAILED');
  await box.escrow(['runs', 'cancel', run]); // checks the jobs again
  await until('status lists no job', async () =>
    (await box.escrow(['status'])).stdout.includes('No live runs') ? true : undefined,
  );
  const { events } = await box.json<Audit>(['audit']);
  t.match(
    events.find(({ type }) => type === 'run.orphaned-jobs-cancelled'),
    { run, data: { jobs: [job] } },
    'the audit log records the cancellation',
  );
});

withDeadHead('onLost: cancel-jobs terminates them automatically', 'cancel-jobs', async (t, stage) => {
  const { agent, job } = stage;
  await until('the job has ended', () => agent.jobs.get(job)?.status === 'FAILED');
  await purged(stage);
  t.match(await cancelled(stage), [{ by: null, data: { jobs: [job] } }]);
});

withDeadHead('onLost: wait keeps the secrets until the jobs end', 'wait:600', async (t, stage) => {
  const { aws, agent, box, run, job } = stage;
  await until('the run has ended', async () =>
    (await box.json<Run>(['runs', 'show', run])).state === 'ended' ? true : undefined,
  );
  t.equal((await aws.secrets()).length, 1, 'a retry of the job can still read its secret');
  aws.rules.down = true; // a job whose state is unknown counts as alive
  agent.interrupt(job);
  await until('the job has ended', () => agent.jobs.get(job)?.status === 'FAILED');
  aws.rules.down = false;
  await purged(stage);
  t.same(await aws.secrets(), []);
  t.same(await cancelled(stage), []);
});

let strangers: string[] = [];
let task = '';

withDeadHead(
  'runs cancel terminates only jobs that AWS itself attributes to the run',
  'purge-now',
  async (t, stage) => {
    const { agent, box, run, job } = stage;
    t.equal((await purged(stage)).orphanedJobs.length, 2 + strangers.length);
    const { status, stdout } = await box.escrow(['runs', 'cancel', run]);
    t.equal(status, 1);
    for (const ended of [job, task])
      await until('the job has ended', () => agent.jobs.get(ended)?.status === 'FAILED');
    t.equal(stdout.split('Not cancelled: awsbatch ').length - 1, strangers.length, stdout);
    for (const stranger of strangers) {
      t.match(
        stdout,
        new RegExp(`Not cancelled: awsbatch ${stranger} .*: (AWS Batch created it|its job definition)`),
      );
      t.equal(agent.jobs.get(stranger)?.status, 'RUNNING', 'is left running');
    }
  },
  async (aws) => {
    const command = (directory: string): string[] => [
      'bash',
      '-c',
      `: s3 cp ${directory}/.command.run; sleep 60`,
    ];
    const tags = { 'nf-escrow:run': 'r00000000000000000000' };
    // A job of another run, one of an untagged definition, and one whose command resembles the task's.
    strangers = [
      await submit(aws, await register(aws, 'nf-escrow-other', tags), ['sleep', '60']),
      await submit(aws, await register(aws, 'nf-debian', {}), ['sleep', '60']),
      await submit(aws, await register(aws, 'nf-image', {}), command(`${TASK}x`)),
    ];
    // A task without secrets has a definition that all runs share.
    task = await submit(aws, await register(aws, 'nf-plain', {}), command(TASK));
    const at = new Date().toISOString();
    return [...strangers, task].map((native, index) => ({
      ...{ at, type: 'task.submit', executor: 'awsbatch', native, workdir: TASK },
      ...{ task: String(index + 10), name: `align (${String(index + 10)})` },
    }));
  },
);
