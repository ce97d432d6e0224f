// doctor --probe on AWS Batch: reports the result and leaves nothing behind.
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Test } from 'tap';
import type { DoctorReport, Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { active, definitions } from '../../support/aws/batch.ts';
import { boxOn } from '../../support/aws/aws-sandbox.ts';
import { BatchAgent } from '../../support/aws/batch-agent.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { until, type Sandbox } from '../../support/sandbox.ts';

interface Stage {
  readonly aws: StrictAws;
  readonly agent: BatchAgent;
  readonly box: Sandbox;
}

type Check = DoctorReport['checks'][number];

function withAgent(title: string, body: (t: Test, stage: Stage) => Promise<void>): void {
  withAws(title, async (inner, aws) => {
    await body(inner, { aws, agent: BatchAgent.behind(inner, aws), box: await boxOn(inner, aws) });
  });
}

const command = (...more: string[]): string[] => ['doctor', '--compute-env', 'batch', '--probe', ...more];

async function probe({ box }: Stage, ...more: string[]): Promise<Check[]> {
  const { stdout, stderr } = await box.escrow(command('--json', ...more));
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as DoctorReport).checks.filter(({ name }) => name.startsWith('probe'));
}

/** Returns the value of the probe's secret. */
function valueOf(aws: StrictAws): string {
  const { body = '{}' } = aws.calls.find(({ action }) => action.endsWith(':CreateSecret')) ?? {};
  const { SecretString = '{}' } = JSON.parse(body) as { SecretString?: string };
  return (JSON.parse(SecretString) as Record<string, string>)['NF_ESCROW_PROBE'] ?? '';
}

async function nothingLeft(t: Test, { aws, box, agent }: Stage): Promise<void> {
  t.same(await aws.secrets(), [], 'no secret');
  t.same(await active(aws), [], 'no job definition');
  t.notOk(
    [...agent.jobs.values()].some(({ status }) => status === 'RUNNABLE' || status === 'RUNNING'),
    'no job',
  );
  const [, random = ''] = /([0-9a-f]{64})$/.exec(valueOf(aws)) ?? [];
  if (random === '') return;
  t.same(box.filesWith(random), [], 'no local file contains the value');
  const requests = aws.calls.filter(
    ({ action, body }) => !action.endsWith(':CreateSecret') && body.includes(random),
  );
  t.same(requests, [], 'no other request contains the value');
}

withAgent('gives the job the exact secret and removes everything', async (t, stage) => {
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

withAgent('reports each failure with its remedy and leaves nothing behind', async (t, stage) => {
  const { aws, agent } = stage;
  const failing = async (): Promise<Check | undefined> =>
    (await probe(stage)).find(({ name }) => name === 'probe');
  agent.transform = (value) => value.replace('\n', '');
  t.match(await failing(), { state: 'failure', found: /changed value/ });
  agent.transform = () => undefined;
  t.match(await failing(), { state: 'failure', found: /without the secret/, remedy: /1\.37\.0/ });
  agent.fault =
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): AccessDeniedException';
  t.match(await failing(), { state: 'failure', found: /not allowed to read/, remedy: /iam render/ });
  await nothingLeft(t, stage);
  aws.rules.denied.add('batch:registerjobdefinition');
  t.match(await failing(), { state: 'failure', found: /access denied/, remedy: /iam check/ });
  await nothingLeft(t, stage);
  aws.rules.denied.clear();
  aws.rules.denied.add('secretsmanager:CreateSecret');
  t.match(await failing(), { state: 'failure', found: /access denied/ });
  await nothingLeft(t, stage);
});

withAgent('stops waiting for a job at the time limit, and when the caller disconnects', async (t, stage) => {
  const { agent, box, aws } = stage;
  agent.starved = true;
  t.match(await probe(stage, '--wait', '1'), [
    { state: 'failure', found: /after \d+ s the job was still waiting for an instance/, remedy: /--wait/ },
    { state: 'ok' },
  ]);
  await nothingLeft(t, stage);
  agent.jobs.clear();
  const started = box.start(command('--wait', '600'));
  await until('the job waits', () => [...agent.jobs.values()].some(({ status }) => status === 'RUNNABLE'));
  started.child.kill('SIGINT');
  await started.ended;
  await until('removed', async () => ((await aws.secrets()).length === 0 ? true : undefined));
  await until('purged', async () => {
    const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
    return run?.state === 'purged' ? true : undefined;
  });
  await nothingLeft(t, stage);
});

withAgent('the next daemon cleans up the probe of a killed daemon', async (t, stage) => {
  const { agent, box, aws } = stage;
  agent.starved = true;
  const started = box.start(command('--wait', '600'));
  await until('the job waits', () => [...agent.jobs.values()].some(({ status }) => status === 'RUNNABLE'));
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
    'the tags let sweep find the definition',
  );
  const daemon = (await box.daemonPid()) ?? 0;
  process.kill(daemon, 'SIGKILL');
  await until('the daemon has ended', () => (existsSync(`/proc/${String(daemon)}`) ? undefined : true));
  await started.ended;
  const run = await until('purged', async () => {
    const [found] = (await box.json<RunList>(['runs', 'list'])).runs;
    return found?.state === 'purged' ? found : undefined;
  });
  t.match(run, { outcome: 'aborted' } satisfies Partial<Run>);
  await nothingLeft(t, stage);
});
