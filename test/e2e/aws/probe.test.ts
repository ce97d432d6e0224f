// doctor --probe on AWS Batch: what it says, and that nothing of it is left, whatever happens.
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Test } from 'tap';
import type { DoctorReport, Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { active, definitions } from '../../support/aws/batch.ts';
import { boxOn } from '../../support/aws/aws-sandbox.ts';
import { Edge } from '../../support/aws/batch-agent.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { until, type Sandbox } from '../../support/sandbox.ts';

interface Stage {
  readonly aws: StrictAws;
  readonly edge: Edge;
  readonly box: Sandbox;
}

type Check = DoctorReport['checks'][number];

function withEdge(title: string, body: (t: Test, stage: Stage) => Promise<void>): void {
  withAws(title, async (inner, aws) => {
    await body(inner, { aws, edge: Edge.behind(inner, aws), box: await boxOn(inner, aws) });
  });
}

const command = (...more: string[]): string[] => ['doctor', '--compute-env', 'batch', '--probe', ...more];

async function probe({ box }: Stage, ...more: string[]): Promise<Check[]> {
  const { stdout, stderr } = await box.escrow(command('--json', ...more));
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as DoctorReport).checks.filter(({ name }) => name.startsWith('probe'));
}

/** What was placed as the probe's secret. */
function valueOf(aws: StrictAws): string {
  const { body = '{}' } = aws.calls.find(({ action }) => action.endsWith(':CreateSecret')) ?? {};
  const { SecretString = '{}' } = JSON.parse(body) as { SecretString?: string };
  return (JSON.parse(SecretString) as Record<string, string>)['NF_ESCROW_PROBE'] ?? '';
}

async function nothingLeft(t: Test, { aws, box, edge }: Stage): Promise<void> {
  t.same(await aws.secrets(), [], 'no secret');
  t.same(await active(aws), [], 'no job definition');
  t.notOk(
    [...edge.jobs.values()].some(({ status }) => status === 'RUNNABLE' || status === 'RUNNING'),
    'no job',
  );
  const [, random = ''] = /([0-9a-f]{64})$/.exec(valueOf(aws)) ?? [];
  if (random === '') return;
  t.same(box.filesWith(random), [], 'the value is in no file here');
  const told = aws.calls.filter(
    ({ action, body }) => !action.endsWith(':CreateSecret') && body.includes(random),
  );
  t.same(told, [], 'and in no other call');
}

withEdge('a job is given the secret exactly, and all of it is removed', async (t, stage) => {
  const { aws, box } = stage;
  t.match(await probe(stage), [
    { name: 'probe', state: 'ok', found: /SHA-256/ },
    { name: 'probe removed', state: 'ok' },
  ]);
  t.match(valueOf(aws), /[0-9a-f]{64}$/);
  await nothingLeft(t, stage);
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  t.match(run, { runName: 'probe', state: 'purged', outcome: 'succeeded', orphanedJobs: [] });
  const receipt = await box.json<Receipt>(['runs', 'receipt', run?.id ?? '']);
  t.equal(receipt.complete, true);
  t.same(receipt.leases.map(({ store }) => store).sort(), ['aws-secrets-manager', 'batch-job-definitions']);
});

withEdge('what goes wrong is named, with its remedy, and nothing is left', async (t, stage) => {
  const { aws, edge } = stage;
  const failing = async (): Promise<Check | undefined> =>
    (await probe(stage)).find(({ name }) => name === 'probe');
  edge.agent = (value) => value.replace('\n', '');
  t.match(await failing(), { state: 'failure', found: /another value/ });
  edge.agent = () => undefined;
  t.match(await failing(), { state: 'failure', found: /not given the secret/, remedy: /1\.37\.0/ });
  edge.fault =
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): AccessDeniedException';
  t.match(await failing(), { state: 'failure', found: /may not read/, remedy: /iam render/ });
  await nothingLeft(t, stage);
  aws.rules.denied.add('batch:registerjobdefinition');
  t.match(await failing(), { state: 'failure', found: /may not do that/, remedy: /iam check/ });
  await nothingLeft(t, stage);
  aws.rules.denied.clear();
  aws.rules.denied.add('secretsmanager:CreateSecret');
  t.match(await failing(), { state: 'failure', found: /may not do that/ });
  await nothingLeft(t, stage);
});

withEdge(
  'a job that no machine comes for is given up, and so is one whose asker has gone',
  async (t, stage) => {
    const { edge, box, aws } = stage;
    edge.starved = true;
    t.match(await probe(stage, '--wait', '1'), [
      { state: 'failure', found: /after \d+ s the job waits for a machine/, remedy: /--wait/ },
      { state: 'ok' },
    ]);
    await nothingLeft(t, stage);
    edge.jobs.clear();
    const started = box.start(command('--wait', '600'));
    await until('it waits', () => [...edge.jobs.values()].some(({ status }) => status === 'RUNNABLE'));
    started.child.kill('SIGINT');
    await started.ended;
    await until('removed', async () => ((await aws.secrets()).length === 0 ? true : undefined));
    await until('purged', async () => {
      const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
      return run?.state === 'purged' ? true : undefined;
    });
    await nothingLeft(t, stage);
  },
);

withEdge('a daemon that is killed leaves it to the next one', async (t, stage) => {
  const { edge, box, aws } = stage;
  edge.starved = true;
  const started = box.start(command('--wait', '600'));
  await until('it waits', () => [...edge.jobs.values()].some(({ status }) => status === 'RUNNABLE'));
  t.equal((await aws.secrets()).length, 1);
  const [definition, ...others] = await definitions(aws);
  t.same(others, []);
  t.match(
    definition?.tags,
    {
      'nf-escrow:owner': userInfo().username,
      'nf-escrow:ledger': /^[\w-]+$/,
      'nf-escrow:created-at': /^\d{4}-/,
    },
    'sweep can tell whose it is, should this machine not come back',
  );
  const daemon = (await box.daemonPid()) ?? 0;
  process.kill(daemon, 'SIGKILL');
  await until('it is gone', () => (existsSync(`/proc/${String(daemon)}`) ? undefined : true));
  await started.ended;
  const run = await until('purged', async () => {
    const [found] = (await box.json<RunList>(['runs', 'list'])).runs;
    return found?.state === 'purged' ? found : undefined;
  });
  t.match(run, { outcome: 'aborted' } satisfies Partial<Run>);
  await nothingLeft(t, stage);
});
