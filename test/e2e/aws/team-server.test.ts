// Runs in a compute environment of a team server: the server creates and removes the AWS secret, and the user gets references only.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Plan, Receipt, ReleaseReceipt, Run, RunList } from '../../../daemon/contract/types.ts';
import { createEnvironment, startServerOn, USER_KEY } from '../../support/aws/server-environment.ts';
import { ACCOUNT, REGION } from '../../support/aws/test-aws.ts';
import type { StrictAws } from '../../support/aws/strict-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { until, type Sandbox } from '../../support/sandbox.ts';
import type { TeamServer } from '../../support/server/team-server.ts';

t.setTimeout(900_000); // on a busy machine, each command takes seconds

const HOLD = 'touch here; while [ ! -e go ]; do sleep 0.05; done';
const RUN = ['run', '--workspace', 'lab/rna', '--compute-env', 'batch'];

interface Ground {
  readonly aws: StrictAws;
  readonly server: TeamServer;
  readonly box: Sandbox;
  /** The value of FOO_KEY. */
  readonly value: string;
}

function withServer(title: string, body: (t: Test, ground: Ground) => Promise<void>): void {
  withAws(title, async (t, aws) => {
    t.setTimeout(300_000);
    const { server, box } = await startServerOn(t, aws);
    const value = `canary-${randomBytes(16).toString('hex')}`;
    const set = await box.escrow(['secrets', 'set', 'FOO_KEY', '--workspace', 'lab/rna'], { input: value });
    t.equal(set.status, 0, set.stderr);
    await body(t, { aws, server, box, value });
  });
}

async function lastRun(box: Sandbox): Promise<Run> {
  const [run] = (await box.json<RunList>(['runs', 'list'])).runs;
  if (run === undefined) throw new Error('there is no run');
  return run;
}

function secretsManagerCalls({ aws }: Ground, key: string): string[] {
  return aws.calls
    .filter(({ action, accessKey }) => accessKey === key && action.startsWith('secretsmanager:'))
    .map(({ action }) => action);
}

withServer('delivers references, and no value reaches the host of the user', async (t, ground) => {
  const { aws, server, box, value } = ground;
  const explained = await box.escrow([...RUN, '--explain', '--json', 'true']);
  const plan = JSON.parse(explained.stdout) as Plan;
  t.match(plan, {
    ...{ store: 'team-server', computeEnvironment: 'vault:batch', secrets: [{ name: 'FOO_KEY' }] },
    note: /the server vault delivers the secrets and removes them/,
  });
  t.same(await aws.secrets(), [], 'a plan creates nothing');
  const started = box.start([...RUN, HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await lastRun(box);
  t.same(await aws.secrets(), [`nf-escrow/lab.rna/${id}`]);
  const directory = join(box.state, 'runs', id);
  t.match(JSON.parse(readFileSync(join(directory, 'references.json'), 'utf8')), {
    FOO_KEY: new RegExp(
      `^arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:nf-escrow/lab.rna/${id}-\\w{6}:FOO_KEY::$`,
    ),
  });
  const access = JSON.parse(readFileSync(join(directory, 'access.json'), 'utf8')) as Record<string, unknown>;
  t.match(access, { region: REGION, account: ACCOUNT, server: `https://localhost:${String(server.port)}` });
  t.match(readFileSync(join(directory, 'overlay.config'), 'utf8'), /nf-escrow-lab-rna/);
  const live = await box.json<Receipt>(['runs', 'receipt', id]);
  t.match(
    live.leases.find(({ store }) => store === 'team-server'),
    { state: 'placed', target: new RegExp(`^https://localhost:\\d+/v1/releases/${id}$`) },
  );
  writeFileSync(join(box.launch, 'go'), '');
  const ended = await started.ended;
  t.equal(ended.status, 0, ended.stderr);
  t.match(ended.stderr, /secrets.NAME in a script or in the configuration fails/);
  t.same(await aws.secrets(), []);
  t.same(readdirSync(join(box.state, 'runs')), []);
  const receipt = await box.json<Receipt>(['runs', 'receipt', id]);
  t.match(receipt, { complete: true, conclusion: 'placed-removed' }, 'the files were not searched');
  t.match(
    receipt.leases.find(({ store }) => store === 'team-server')?.verification,
    /^held by server https:.*deleted, then not found twice/,
  );
  t.same(secretsManagerCalls(ground, USER_KEY), [], 'the user needs no permission for AWS Secrets Manager');
  t.same(box.filesWith(value), [], 'no file on the host of the user contains the value');
  const ofServer = await box.json<ReleaseReceipt>(['releases', 'receipt', id]);
  t.match(ofServer, {
    complete: true,
    release: { run: id, computeEnvironment: 'batch', delivery: 'removed' },
  });
  const shown = await box.escrow(['releases', 'receipt', id]);
  t.match(shown.stdout, /delivered by the server, to batch\nremoved {6}yes/);
  t.match(shown.stdout, /not found twice/);
  await until('the daemon has reported the end', async () => {
    const { release } = await box.json<ReleaseReceipt>(['releases', 'receipt', id]);
    return release.state === 'purged';
  });
});

withServer('lists and removes compute environments of a workspace', async (t, { box }) => {
  const listed = await box.json<{ computeEnvironments: { name: string; workspace?: string }[] }>([
    ...['compute-envs', 'list', '--workspace', 'lab/rna'],
  ]);
  t.match(listed.computeEnvironments, [{ name: 'batch', workspace: 'vault:lab/rna' }]);
  t.match((await box.escrow(['compute-envs', 'list', '--workspace', 'lab/rna'])).stdout, /vault:lab\/rna/);
  box.env['NF_ESCROW_WORKSPACE'] = 'lab/rna';
  t.match((await box.escrow(['compute-envs', 'list'])).stdout, /local\t.*batch\tvault:lab\/rna\t/s);
  t.match(await box.escrow(createEnvironment('--endpoint', 'https://attacker.example')), {
    status: 64,
    stderr: /Cannot set endpoint of a compute environment on a team server/,
  });
  const foreign = createEnvironment().map((word) => word.replace(ACCOUNT, '999999999999'));
  t.match(await box.escrow(foreign), { status: 78, stderr: /Cannot use account 999999999999/ });
  t.match(await box.escrow(['compute-envs', 'show', 'batch', '--workspace', 'local:local/main']), {
    status: 64,
    stderr: /not on a team server/,
  });
  const removed = await box.escrow(['compute-envs', 'remove', 'batch', '--workspace', 'lab/rna', '--yes']);
  t.equal(removed.status, 0, removed.stderr);
  const absent = await box.escrow([...RUN, 'true']);
  t.match(absent.stderr, /no compute environment "batch"/);
  t.equal(absent.status, 78, absent.stderr);
});

withServer(
  'refuses a secret of the user that overrides one of the workspace, and leaves out others',
  async (t, ground) => {
    const { aws, box } = ground;
    await box.escrow(['secrets', 'set', 'OWN_KEY', '--user'], { input: 'x' });
    const left = await box.escrow([...RUN, 'true']);
    t.equal(left.status, 0, left.stderr);
    t.match(left.stderr, /OWN_KEY.*it is your own secret/s);
    t.match(await box.escrow([...RUN, '--only-secret', 'OWN_KEY', 'true']), {
      status: 78,
      stderr: /OWN_KEY/,
    });
    await box.escrow(['secrets', 'set', 'FOO_KEY', '--user'], { input: 'x' });
    t.match(await box.escrow([...RUN, 'touch started']), {
      status: 78,
      stderr: /your own secret overrides that of the workspace.*--workspace-secret FOO_KEY/s,
    });
    t.notOk(existsSync(join(box.launch, 'started')));
    const chosen = await box.escrow([...RUN, '--workspace-secret', 'FOO_KEY', 'true']);
    t.equal(chosen.status, 0, chosen.stderr);
    t.same(await aws.secrets(), []);
  },
);

withServer(
  'asks for a qualified name if the daemon has a compute environment of the same name',
  async (t, { box }) => {
    await box.escrow(['compute-envs', 'create', 'batch', '--platform', 'hpc']);
    t.match(await box.escrow([...RUN, 'true']), {
      status: 78,
      stderr: /Use one of: local:batch, vault:batch/,
    });
    for (const name of ['local:batch', 'vault:batch']) {
      const { status, stderr } = await box.escrow([
        'run',
        '--workspace',
        'lab/rna',
        '--compute-env',
        name,
        'true',
      ]);
      t.equal(status, 0, stderr);
    }
  },
);

withServer(
  'keeps the removal pending while the server is down, and completes it afterwards',
  async (t, ground) => {
    const { aws, server, box } = ground;
    const started = box.start([...RUN, HOLD]);
    await until('the task runs', () => existsSync(join(box.launch, 'here')));
    const { id } = await lastRun(box);
    server.kill('SIGKILL');
    await server.started?.ended;
    writeFileSync(join(box.launch, 'go'), '');
    const ended = await started.ended;
    t.equal(ended.status, 0, 'a pending removal does not change the exit status');
    t.match(ended.stderr, /are not removed yet/);
    t.same(await aws.secrets(), [`nf-escrow/lab.rna/${id}`]);
    server.configure({
      listen: `127.0.0.1:${String(server.port)}`,
      awsAccounts: [{ account: ACCOUNT, endpoint: aws.endpoint }],
    });
    await server.start();
    await box.escrow(['runs', 'purge', id]);
    t.same(await aws.secrets(), []);
    t.equal((await lastRun(box)).state, 'purged');
  },
);

withServer('removes the secrets of a lost daemon when an admin asks for it', async (t, ground) => {
  const { aws, box } = ground;
  const started = box.start([...RUN, HOLD]);
  await until('the task runs', () => existsSync(join(box.launch, 'here')));
  const { id } = await lastRun(box);
  await until('the daemon has reported the run', async () => {
    const { release } = await box.json<ReleaseReceipt>(['releases', 'receipt', id]);
    return release.state === 'running';
  });
  t.match(await box.escrow(['releases', 'purge', id, '--yes']), { status: 75, stderr: /has not ended/ });
  const purged = await box.escrow(['releases', 'purge', id, '--yes', '--force']);
  t.equal(purged.status, 0, purged.stderr);
  await until('the server has removed the secret', async () => (await aws.secrets()).length === 0);
  writeFileSync(join(box.launch, 'go'), '');
  const ended = await started.ended;
  t.equal(ended.status, 0, ended.stderr);
  t.equal((await lastRun(box)).state, 'purged');
});
