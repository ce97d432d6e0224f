// End-to-end runs with a real Nextflow and nf-amazon. NF_ESCROW_TEST_NEXTFLOW_AWS names the launcher.
// NF_ESCROW_TEST_NEXTFLOW_AWS_PLUGINS names a directory with its plugins; if unset, Nextflow downloads them.
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { JournalEvent, Receipt, ReleaseReceipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { definitions } from '../../support/aws/batch.ts';
import { BatchAgent } from '../../support/aws/batch-agent.ts';
import { startServerOn, USER_KEY } from '../../support/aws/server-environment.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, QUEUE, REGION } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const nextflow = process.env['NF_ESCROW_TEST_NEXTFLOW_AWS'];
const cli = process.env['NF_ESCROW_TEST_AWS_CLI'];
const skip = nextflow === undefined && 'NF_ESCROW_TEST_NEXTFLOW_AWS is not set';
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const PIPELINE = `
params.status = 0
params.hold = ''
process HELLO {
  secret 'FOO_KEY'
  errorStrategy { params.status == 0 ? 'retry' : 'terminate' }
  maxRetries 1
  output:
  stdout
  script:
  """
  printf 'given %s\\n' "\\$(printf %s "\\$FOO_KEY" | sha256sum)"
  printf 'other %s\\n' "\\\${BAR_KEY-none}"
  if [ -n '\${params.hold}' ] && [ ! -e '\${params.hold}' ]; then touch '\${params.hold}.here'; sleep 60; fi
  exit \${params.status}
  """
}
process PLAIN {
  output:
  stdout
  script:
  """
  printf 'plain %s\\n' "\\\${FOO_KEY-none}"
  """
}
workflow {
  println "script \${secrets.BAR_KEY}"
  HELLO() | view
  PLAIN() | view
}
`;

const ARRAY = `
process MANY {
  secret 'FOO_KEY'
  array 3
  input:
  val x
  output:
  stdout
  script:
  """
  printf 'task %s given %s\\n' \${x} "\\$(printf %s "\\$FOO_KEY" | sha256sum)"
  """
}
workflow { MANY(channel.of(1, 2, 3)) | view }
`;

t.setTimeout(900_000); // each test starts one or two JVMs, possibly on a loaded machine

interface Stage {
  readonly aws: StrictAws;
  readonly agent: BatchAgent;
  readonly box: Sandbox;
  readonly value: string;
}

function onBatch(title: string, body: (t: Test, stage: Stage) => Promise<void>): void {
  const onStage = async (inner: Test, aws: StrictAws): Promise<void> => {
    const box = new Sandbox(inner, nextflow);
    await prepare(aws, box);
    const value = newValue();
    await box.escrow([
      ...['compute-envs', 'create', 'batch', '--platform', 'aws-batch', '--region', REGION],
      ...['--queue', QUEUE, '--work-dir', 's3://nf-work/run', '--endpoint', aws.endpoint],
      ...['--execution-role', `arn:aws:iam::${ACCOUNT}:role/execution`],
    ]);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
    await box.escrow(['secrets', 'set', 'BAR_KEY'], { input: 'bar-of-the-test' });
    await body(inner, { aws, agent: BatchAgent.behind(inner, aws), box, value });
  };
  withAws(title, onStage, { skip });
}

function newValue(): string {
  return `ü"\n$\`\\ ${randomBytes(12).toString('hex')}`;
}

/** Creates the work directory, and gives a user the pipeline, its configuration and the plugins of Nextflow. */
async function prepare(aws: StrictAws, box: Sandbox): Promise<void> {
  await makeBucket(aws);
  const plugins = process.env['NF_ESCROW_TEST_NEXTFLOW_AWS_PLUGINS'];
  if (plugins === undefined) box.env['NXF_OFFLINE'] = 'false';
  else cpSync(plugins, join(box.directory, 'nxf/plugins'), { recursive: true });
  mkdirSync(join(box.directory, 'nxf'), { recursive: true });
  writeFileSync(join(box.launch, 'main.nf'), PIPELINE);
  writeFileSync(
    join(box.launch, 'nextflow.config'),
    `process.container = 'debian:12'
     executor.pollInterval = '200ms'
     aws { client { s3PathStyleAccess = true }; batch { cliPath = '${String(cli)}' } }\n`,
  );
}

async function makeBucket(aws: StrictAws): Promise<void> {
  await fetch(`${aws.bare}/nf-work`, {
    method: 'PUT',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request` },
    body: `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`,
  });
}

async function lastRun(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('there is no run');
  return run;
}

async function nothingLeft(t: Test, { aws, box, value }: Stage): Promise<Receipt> {
  const run = await until('purged', async () => {
    const found = await lastRun(box);
    return found.state === 'purged' ? found : undefined;
  });
  t.same(await aws.secrets(), [], 'no secret exists');
  const ofRuns = (await definitions(aws)).filter(({ tags }) => 'nf-escrow:run' in tags);
  t.same(ofRuns, [], 'no definition with references is active');
  t.same(box.filesWith(value), [], 'no local file contains the value');
  t.same(readdirSync(join(box.state, 'runs')), []);
  const receipt = await box.json<Receipt>(['runs', 'receipt', run.id]);
  t.equal(receipt.complete, true);
  return receipt;
}

onBatch('gives a process exactly the secrets it declares', async (t, stage) => {
  const { box, value } = stage;
  const ended = await box.escrow(['run', '--compute-env', 'batch', 'main.nf']);
  t.equal(ended.status, 0, ended.stderr + ended.stdout);
  t.match(ended.stdout, `given ${hash(value)}`);
  t.match(ended.stdout, /other none/);
  t.match(ended.stdout, /plain none/);
  t.match(ended.stdout, /script bar-of-the-test/, 'the head reads secrets that the script uses');
  const { leases } = await nothingLeft(t, stage);
  t.match(
    leases.find(({ store }) => store === 'batch-job-definitions'),
    { verification: /inactive/ },
  );
  const shared = await definitions(stage.aws);
  t.equal(shared.length, 1, 'keeps the definition without references, which other runs may use');
  t.notMatch(JSON.stringify(shared), /nf-escrow/);
});

onBatch('resolves a secret in a configuration file', async (t, stage) => {
  const { box } = stage;
  appendFileSync(join(box.launch, 'nextflow.config'), 'params.key = secrets.BAR_KEY\n');
  writeFileSync(join(box.launch, 'config.nf'), 'workflow { println "config ${params.key}" }\n');
  const ended = await box.escrow(['run', '--compute-env', 'batch', 'config.nf']);
  t.equal(ended.status, 0, ended.stderr + ended.stdout);
  t.match(ended.stdout, /config bar-of-the-test/);
  await nothingLeft(t, stage);
});

onBatch('the head assumes the role too, through a profile that contains no credentials', async (t, stage) => {
  const { aws, box, value } = stage;
  const role = ['--assume-role', `arn:aws:iam::${ACCOUNT}:role/launch`, '--external-id', 'lab-1'];
  await box.escrow(['compute-envs', 'update', 'batch', ...role]);
  aws.calls.length = 0;
  const ended = await box.escrow(['run', '--compute-env', 'batch', 'main.nf']);
  t.equal(ended.status, 0, ended.stderr + ended.stdout);
  t.match(ended.stdout, `given ${hash(value)}`);
  t.match(ended.stdout, /script bar-of-the-test/);
  const assumed = aws.calls.filter(({ action }) => action === 'sts:AssumeRole');
  t.ok(assumed.length > 1 && assumed.every(({ body }) => body.includes('ExternalId=lab-1')));
  const others = aws.calls.filter(
    ({ action, accessKey }) => /^(batch|secretsmanager):/.test(action) && accessKey === 'AKIDTEST',
  );
  // The fake ECS agent reads secrets with its own credentials, as ECS does.
  t.same([...new Set(others.map(({ action }) => action))], ['secretsmanager:GetSecretValue']);
  await nothingLeft(t, stage);
});

onBatch(
  "a failed job ends the run with Nextflow's exit status, and an interrupted job is retried",
  async (t, stage) => {
    const { box, agent, value } = stage;
    const failed = await box.escrow(['run', '--compute-env', 'batch', 'main.nf', '--status', '3']);
    t.equal(failed.status, 1);
    t.equal((await lastRun(box)).outcome, 'failed');
    await nothingLeft(t, stage);
    const hold = join(box.directory, 'hold');
    const started = box.start(['run', '--compute-env', 'batch', 'main.nf', '--hold', hold]);
    const job = await until('the job runs', () =>
      [...agent.jobs.values()].find(
        ({ status, jobName }) => status === 'RUNNING' && jobName.startsWith('HELLO'),
      ),
    );
    writeFileSync(hold, ''); // lets the retry succeed
    agent.interrupt(job.jobId);
    const ended = await started.ended;
    t.equal(ended.status, 0, ended.stdout);
    t.match(ended.stdout, `given ${hash(value)}`);
    await nothingLeft(t, stage);
  },
);

onBatch('submits no job if tasks would not receive their secrets', async (t, stage) => {
  const { agent, box } = stage;
  const wrapped = join(box.directory, 'nextflow-without');
  const without = async (change: string): Promise<string> => {
    // Changes the installation after nf-escrow has checked it and before Nextflow starts.
    writeFileSync(wrapped, `#!/bin/sh\n${change}\nexec '${String(nextflow)}' "$@"\n`, { mode: 0o755 });
    const run = ['run', '--compute-env', 'batch', '--nextflow', wrapped, 'main.nf'];
    const { status, stdout, stderr } = await box.escrow(run);
    t.equal(status, 1, stdout + stderr);
    await nothingLeft(t, stage);
    return stdout + stderr;
  };
  t.match(
    await without(
      `export NXF_PLUGINS_DEFAULT="$(printf %s "$NXF_PLUGINS_DEFAULT" | sed 's/,nf-escrow-aws@[^,]*//'),nf-amazon"`,
    ),
    /cannot deliver secrets on AWS Batch: plugin nf-escrow-aws is not loaded/,
  );
  t.match(
    await without(
      'sed -i /EscrowBatchExecutor/d "$NXF_HOME"/plugins/nf-escrow-aws-*/classes/META-INF/extensions.idx',
    ),
    /the executor awsbatch is class nextflow\.cloud\.aws\.batch\.AwsBatchExecutor, not the class of nf-escrow/,
  );
  t.equal(agent.jobs.size, 0);
});

onBatch('gives a job array the secrets that its tasks declare', async (t, stage) => {
  const { box, agent, value } = stage;
  writeFileSync(join(box.launch, 'array.nf'), ARRAY);
  const ended = await box.escrow(['run', '--compute-env', 'batch', 'array.nf']);
  t.equal(ended.status, 0, ended.stderr + ended.stdout);
  for (const index of [1, 2, 3]) t.match(ended.stdout, `task ${String(index)} given ${hash(value)}`);
  t.same(
    [...agent.jobs.keys()].map((id) => id.split(':')[1]).sort(),
    ['0', '1', '2'],
    'the tasks were submitted as one array',
  );
  await nothingLeft(t, stage);
});

onBatch('removes the secrets of a killed head, and reports and cancels its jobs', async (t, stage) => {
  const { box, agent } = stage;
  const started = box.start([
    'run',
    '--compute-env',
    'batch',
    'main.nf',
    '--hold',
    join(box.directory, 'hold'),
  ]);
  const job = await until('the job runs', () =>
    [...agent.jobs.values()].find(
      ({ status, jobName }) => status === 'RUNNING' && jobName.startsWith('HELLO'),
    ),
  );
  const { id } = await lastRun(box);
  await until('the daemon knows the job', async () => {
    const { tasks } = JSON.parse((await box.http('GET', `/v1/runs/${id}/tasks`)).text) as {
      tasks: { nativeId: string }[];
    };
    return tasks.some(({ nativeId }) => nativeId === job.jobId) ? true : undefined;
  });
  const { text } = await box.http('GET', `/v1/runs/${id}`);
  t.match(JSON.parse(text), { state: 'running' });
  const head = JSON.parse(readFileSync(join(box.state, 'runs', id, 'process'), 'utf8')) as { pid: number };
  process.kill(head.pid, 'SIGKILL');
  await started.ended;
  await nothingLeft(t, stage);
  t.equal(agent.jobs.get(job.jobId)?.status, 'RUNNING');
  const events = (await box.http('GET', `/v1/runs/${id}/events`)).text
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => JSON.parse(line.slice(5)) as JournalEvent);
  const orphaned = events.find(({ type }) => type === 'run.jobs-orphaned')?.data as
    { jobs?: string[] } | undefined;
  t.ok(orphaned?.jobs?.includes(job.jobId), 'the journal lists the job');
  await box.escrow(['runs', 'cancel', id]);
  await until('the job has ended', () => agent.jobs.get(job.jobId)?.status === 'FAILED');
  t.pass('ended');
});

/** A process that declares one of the two secrets of the workspace. */
const DECLARING = `
process HELLO {
  secret 'FOO_KEY'
  output:
  stdout
  script:
  """
  printf 'given %s\\n' "\\$(printf %s "\\$FOO_KEY" | sha256sum)"
  printf 'other %s\\n' "\\\${BAR_KEY-none}"
  """
}
workflow { HELLO() | view }
`;

withAws(
  'a team server gives a process the secrets it declares, to a user without permission for Secrets Manager',
  async (t, aws) => {
    const { box, server } = await startServerOn(t, aws, nextflow);
    await prepare(aws, box);
    aws.rules.deniedTo.set(USER_KEY, 'secretsmanager');
    BatchAgent.behind(t, aws);
    const value = newValue();
    for (const name of ['FOO_KEY', 'BAR_KEY'])
      await box.escrow(['secrets', 'set', name, '--workspace', 'lab/rna'], { input: value });
    const run = ['run', '--workspace', 'lab/rna', '--compute-env', 'batch'];

    writeFileSync(join(box.launch, 'declaring.nf'), DECLARING);
    aws.calls.length = 0;
    const ended = await box.escrow([...run, 'declaring.nf']);
    t.equal(ended.status, 0, ended.stderr + ended.stdout);
    t.match(ended.stdout, `given ${hash(value)}`);
    t.match(ended.stdout, /other none/);
    const { id } = await lastRun(box);
    const [definition = '{}', ...others] = aws.calls.flatMap(({ action, body }) =>
      action === 'batch:registerjobdefinition' ? [body] : [],
    );
    t.same(others, []);
    t.match(JSON.parse(definition), {
      containerProperties: {
        executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/nf-escrow-lab-rna`,
        secrets: [
          {
            name: 'FOO_KEY',
            valueFrom: new RegExp(
              `^arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/lab\\.rna/${id}-\\w{6}:FOO_KEY::$`,
            ),
          },
        ],
      },
    });
    t.notMatch(definition, /BAR_KEY/);
    const keys = aws.calls.flatMap(({ action, accessKey }) =>
      action.startsWith('secretsmanager:') ? [accessKey] : [],
    );
    t.notOk(keys.includes(USER_KEY), 'the user sends no request to Secrets Manager');
    t.equal((await nothingLeftOnServer(t, aws, box, value)).id, id);

    // The script uses the value itself, which the head of the user does not receive.
    writeFileSync(join(box.launch, 'using.nf'), 'workflow { println "script ${secrets.BAR_KEY}" }\n');
    const failed = await box.escrow([...run, 'using.nf']);
    t.equal(failed.status, 1, failed.stdout);
    t.match(
      failed.stdout + failed.stderr,
      `cannot resolve secrets.BAR_KEY: the team server https://localhost:${String(server.port)} delivers this secret to tasks only`,
    );
    t.match(failed.stdout + failed.stderr, /Declare it in each process that needs it.*secret 'BAR_KEY'/s);
    const second = await nothingLeftOnServer(t, aws, box, value);
    t.not(second.id, id);
    t.equal(second.outcome, 'failed');
  },
  { skip },
);

/**
 * Waits until the server has removed what it delivered to the last run, and asserts that no value is left. The daemon of the user does not
 * deregister job definitions here: it accepts only an encrypted endpoint from its environment, and that of the emulator is not encrypted.
 */
async function nothingLeftOnServer(t: Test, aws: StrictAws, box: Sandbox, value: string): Promise<Run> {
  const run = await lastRun(box);
  const receipt = await until('the server has removed the secret', async () => {
    const found = await box.json<ReleaseReceipt>(['releases', 'receipt', run.id]);
    return found.complete ? found : undefined;
  });
  t.match(receipt.release, { computeEnvironment: 'batch', delivery: 'removed' });
  t.match(receipt.delivery?.objects, [
    { store: 'aws-secrets-manager', state: 'gone', evidence: /not found twice/ },
  ]);
  t.same(await aws.secrets(), [], 'no secret exists');
  t.same(box.filesWith(value), [], 'no file of the user contains the value');
  const { leases } = await box.json<Receipt>(['runs', 'receipt', run.id]);
  for (const { store, state } of leases) if (store !== 'batch-job-definitions') t.equal(state, 'gone', store);
  return run;
}
