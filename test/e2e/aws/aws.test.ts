import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { ComputeEnvironment, Receipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { createBatch } from '../../support/aws/aws-sandbox.ts';
import { ACCOUNT, QUEUE, REGION } from '../../support/aws/test-aws.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';

/** Runs a test in a sandbox with a fake AWS, a compute environment `batch` and the secret FOO_KEY. */
function withBox(
  title: string,
  body: (t: Test, aws: StrictAws, box: Sandbox, value: string) => Promise<void>,
): void {
  withAws(title, async (inner, aws) => {
    const box = new Sandbox(inner);
    box.env['NXF_PLUGINS_DEFAULT'] = 'true'; // runs on AWS Batch need the plugin
    const value = `ü"\n$${randomBytes(16).toString('hex')}`;
    const made = await box.escrow(createBatch(aws));
    inner.equal(made.status, 0, made.stderr);
    await box.escrow(['secrets', 'set', 'FOO_KEY'], { input: value });
    await body(inner, aws, box, value);
  });
}

async function lastRun(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('there is no run');
  return run;
}

withBox(
  'gives a run references and configuration but no values, and leaves nothing behind',
  async (t, aws, box, value) => {
    const env = { FAKE_CONFIG: "process.queue = 'mine'\nprocess.memory = '1 GB'" };
    const started = box.start(['run', '--compute-env', 'batch', HOLD], { env });
    await until('the task runs', () => existsSync(join(box.launch, 'here')));
    const { id } = await lastRun(box);
    t.same(await aws.secrets(), [`nf-escrow/local.main/${id}`]);
    const directory = join(box.state, 'runs', id);
    t.match(JSON.parse(readFileSync(join(directory, 'references.json'), 'utf8')), {
      FOO_KEY: new RegExp(
        `^arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/local.main/${id}-\\w{6}:FOO_KEY::$`,
      ),
    });
    const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    t.match(access, { region: REGION, account: ACCOUNT, owner: userInfo().username, ledger: /^[\w-]+$/ });
    const lines = readFileSync(join(directory, 'overlay.config'), 'utf8').trim().split('\n').slice(1);
    t.same(lines, [
      "process.executor = 'awsbatch'",
      "workDir = 's3://nf-work/run'",
      `aws.region = '${REGION}'`,
      `aws.batch.executionRole = 'arn:aws:iam::${ACCOUNT}:role/execution'`,
    ]);
    t.match(readFileSync(join(box.launch, '.nextflow.log'), 'utf8'), `nextflow run`);
    t.same(box.filesWith(value), [], 'no file on this machine contains the plain value');
    writeFileSync(join(box.launch, 'go'), '');
    const ended = await started.ended;
    t.equal(ended.status, 0, ended.stderr);
    t.equal(ended.stderr, '');
    t.same(await aws.secrets(), []);
    t.same(readdirSync(join(box.state, 'runs')), []);
    const receipt = await box.json<Receipt>(['runs', 'receipt', id]);
    t.equal(receipt.complete, true);
    t.same(receipt.leases.map(({ store }) => store).sort(), ['aws-secrets-manager', 'run-directory']);
    t.match(receipt.leases.find(({ store }) => store.startsWith('aws'))?.verification, /not found twice/);
  },
);

withBox('leaves nothing behind after a killed daemon, a lost answer and an outage', async (t, aws, box) => {
  aws.rules.losing = 1;
  const started = box.start(['run', '--compute-env', 'batch', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const daemon = (await box.daemonPid()) ?? 0;
  process.kill(daemon, 'SIGKILL');
  await until('the daemon has ended', () => (existsSync(`/proc/${String(daemon)}`) ? undefined : true));
  aws.rules.down = true;
  writeFileSync(join(box.launch, 'go'), '');
  const ended = await started.ended;
  t.equal(ended.status, 0, 'a failed purge does not change the exit status of nextflow');
  t.match(ended.stderr, /some objects of run r\w+ are not removed yet/);
  t.match(await lastRun(box), { state: 'ended', outcome: 'succeeded', removalError: /eu-west-1/ });
  aws.rules.down = false;
  await box.escrow(['runs', 'purge', 'r']);
  t.same(await aws.secrets(), [], 'deletes the secret once AWS is available');
  t.match(
    (await lastRun(box)).removalError,
    /may still be carried out/,
    'keeps checking after a lost answer',
  );
});

withBox('starts nothing and leaves nothing behind if AWS or a check rejects the run', async (t, aws, box) => {
  const attempt = async (): Promise<{ status: number | null; stderr: string }> =>
    box.escrow(['run', '--compute-env', 'batch', 'touch started']);
  aws.rules.denied.add('secretsmanager:CreateSecret');
  t.match(await attempt(), { status: 77, stderr: /access denied/ });
  aws.rules.denied.clear();
  aws.rules.expired.add('AKIDTEST');
  t.match(await attempt(), { status: 77, stderr: /aws sso login/ });
  aws.rules.expired.clear();
  aws.rules.down = true;
  t.match(await attempt(), { status: 69 });
  aws.rules.down = false;
  const env = { FAKE_CONFIG: "aws.region = 'us-east-1'" };
  t.match(await box.escrow(['run', '--compute-env', 'batch', 'x'], { env }), {
    status: 78,
    stderr: /us-east-1/,
  });
  const notText = Buffer.from([0x66, 0xff, 0x67]);
  await box.escrow(['secrets', 'set', 'BIN_KEY'], { input: notText });
  const selected = ['run', '--compute-env', 'batch', '--only-secret', 'BIN_KEY', 'touch started'];
  t.match(await box.escrow(selected), { status: 78, stderr: /selected secret BIN_KEY: AWS Batch .*UTF-8/ });
  t.notOk(existsSync(join(box.launch, 'started')));
  t.same(await aws.secrets(), []);
});

withBox('leaves out a value that AWS Batch cannot carry, and names it', async (t, aws, box) => {
  await box.escrow(['secrets', 'set', 'BIN_KEY'], { input: Buffer.from([0x66, 0xff, 0x67]) });
  const started = box.start(['run', '--compute-env', 'batch', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const run = await lastRun(box);
  const file = (name: string): object =>
    JSON.parse(readFileSync(join(box.state, 'runs', run.id, name), 'utf8')) as object;
  const reason = 'AWS Batch cannot carry its value, which is not UTF-8 text';
  t.same(Object.keys(file('references.json')), ['FOO_KEY']);
  t.match(file('run.json'), { undeliverable: { BIN_KEY: reason } }, 'the plugin can explain it');
  t.match(run.secrets, [{ name: 'FOO_KEY' }]);
  writeFileSync(join(box.launch, 'go'), '');
  const { status, stderr } = await started.ended;
  t.equal(status, 0, stderr);
  t.equal(
    stderr,
    `nf-escrow: secret BIN_KEY is not delivered: ${reason}. A process that declares it fails.\n`,
  );
  t.same(await aws.secrets(), []);
});

withBox('removes with provided credentials if its own expired during the run', async (t, aws, box) => {
  const started = box.start(['run', '--compute-env', 'batch', HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  aws.rules.expired.add('AKIDTEST');
  writeFileSync(join(box.launch, 'go'), '');
  t.match(await started.ended, { status: 0, stderr: /some objects of run r\w+ are not removed yet/ });
  t.match((await box.escrow(['status'])).stdout, /Remedy: aws sso login/);
  const env = { AWS_ACCESS_KEY_ID: 'AKIDFRESH', AWS_SECRET_ACCESS_KEY: 'y' };
  t.match((await box.escrow(['runs', 'purge', 'r'], { env })).stdout, /Nothing of run/);
  t.same(await aws.secrets(), []);
  t.same(box.filesWith('AKIDFRESH'), [], 'provided credentials stay in memory');
});

withBox('shows and updates a compute environment, and rejects inconsistent settings', async (t, aws, box) => {
  const other = ['--compute-env', 'batch'];
  await box.escrow(['compute-envs', 'update', 'batch', '--layout', 'per-secret', '--prefix', 'lab/nf']);
  t.match(await box.json<ComputeEnvironment>(['compute-envs', 'show', 'batch']), {
    platform: 'aws-batch',
    aws: { region: REGION, queue: QUEUE, layout: 'per-secret', prefix: 'lab/nf', endpoint: aws.endpoint },
  });
  t.equal((await box.escrow(['run', ...other, 'true'])).status, 0);
  t.match(JSON.parse(aws.calls.find(({ action }) => action.endsWith(':CreateSecret'))?.body ?? '{}'), {
    Name: /^lab\/nf\/local\.main\/r\w+\/FOO_KEY$/,
  });
  const update = async (...args: string[]): Promise<{ status: number | null; stderr: string }> =>
    box.escrow(['compute-envs', 'update', 'batch', ...args]);
  t.match(await update('--region', 'cn-north-1'), { status: 78, stderr: /partition/ });
  t.match(await update('--queue', 'arn:aws:batch:eu-west-1:999999999999:job-queue/q'), {
    status: 78,
    stderr: /account/,
  });
  t.match(await update('--external-id', 'x1'), { status: 78 });
  t.match(await update('--unset', 'queue'), { status: 64, stderr: /kms-key/ });
  t.equal((await update('--unset', 'prefix', '--unset', 'layout')).status, 0);
  const { aws: now } = await box.json<ComputeEnvironment>(['compute-envs', 'show', 'batch']);
  t.match(now, { region: REGION, queue: QUEUE, prefix: undefined, layout: undefined });
  t.match(await box.escrow(['compute-envs', 'update', 'local', '--unset', 'prefix']), {
    status: 64,
    stderr: /prefix of .*requires platform aws-batch/,
  });
  t.match(await update('--endpoint', 'http://example.org'), { status: 64 });
  t.match(await update('--layout', 'other'), { status: 64 });
  t.match(await box.escrow(['compute-envs', 'create', 'x', '--platform', 'aws-batch', '--region', REGION]), {
    status: 64,
    stderr: /--queue, --work-dir, --execution-role/,
  });
  t.match(await box.escrow(['compute-envs', 'create', 'x', '--platform', 'hpc', '--region', REGION]), {
    status: 64,
  });
});

withBox('rejects a Nextflow that is too old before it creates anything', async (t, aws, box) => {
  const run = ['run', '--compute-env', 'batch'];
  aws.calls.length = 0;
  for (const version of ['24.10.0', '25.04.8', '25.09.2-edge'])
    t.match(await box.escrow([...run, 'touch started'], { env: { NXF_VER: version } }), {
      status: 78,
      stderr: new RegExp(`is Nextflow ${version}, and 25\\.10 or later is required`),
    });
  t.same(aws.calls, [], 'sends no request to AWS');
  t.notOk(existsSync(join(box.launch, 'started')));
  const plain = await box.escrow([...run, '--no-secrets', 'touch started'], { env: { NXF_VER: '25.04.8' } });
  t.equal(plain.status, 0, plain.stderr);
  t.ok(existsSync(join(box.launch, 'started')), 'a run without secrets works with any version');
  for (const version of ['25.10.0', '26.04.1', '26.08.0-edge'])
    t.equal((await box.escrow([...run, 'true'], { env: { NXF_VER: version } })).status, 0, version);
});
