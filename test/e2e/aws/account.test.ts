import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSession } from '../../../daemon/aws/session/session.ts';
import { ProvidedCredentials } from '../../../daemon/aws/session/credentials.ts';
import { systemClock } from '../../../daemon/system/time/clock.ts';
import {
  renderCloudFormation,
  renderExecutionTrust,
  renderPolicies,
} from '../../../daemon/aws/iam/iam-policies.ts';
import { accessOf } from '../../../daemon/aws/session/access.ts';
import type { DoctorReport, Receipt, RunList } from '../../../daemon/contract/types.ts';
import { BatchJobDefinitions } from '../../../daemon/stores/aws/job-definitions.ts';
import { active, register } from '../../support/aws/batch.ts';
import { boxOn } from '../../support/aws/aws-sandbox.ts';
import { ACCOUNT, makeRole, REGION, settingsFor } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { Sandbox, until } from '../../support/sandbox.ts';

withAws(
  "deregisters the run's job definitions and verifies it, and keeps those of other runs",
  async (t, aws) => {
    const box = await boxOn(t, aws);
    await register(aws, 'nf-shared', {}); // not of this run
    const events = '"$NF_ESCROW_RUN/events.jsonl"';
    const line = (type: string, definition: string): string =>
      `printf '{"at":"%s","type":"job-definition.${type}","definition":"${definition}"}\\n' "$(date -u +%FT%TZ)" >>${events}`;
    const script = [
      line('intent', 'nf-debian'),
      line('registered', 'nf-debian:1'),
      'touch here',
      'while [ ! -e go ]; do sleep 0.05; done',
    ];
    const started = box.start(['run', '--compute-env', 'batch', script.join('; ')]);
    await until('the head has written the events', () => existsSync(join(box.launch, 'here')));
    const { id } = (await box.json<RunList>(['runs', 'list'])).runs[0] ?? { id: '' };
    await register(aws, 'nf-debian', { 'nf-escrow:run': id });
    await register(aws, 'nf-debian', {});
    const daemon = (await box.daemonPid()) ?? 0;
    process.kill(daemon, 'SIGKILL'); // the next daemon reads the events again
    await until('the daemon has ended', () => (existsSync(`/proc/${String(daemon)}`) ? undefined : true));
    writeFileSync(join(box.launch, 'go'), '');
    const ended = await started.ended;
    t.equal(ended.status, 0, ended.stderr);
    t.same((await active(aws)).sort(), ['nf-debian:2', 'nf-shared:1']);
    const receipt = await box.json<Receipt>(['runs', 'receipt', id]);
    t.match(
      receipt.leases.find(({ store }) => store === 'batch-job-definitions'),
      {
        target: `arn:aws:batch:${REGION}:${ACCOUNT}:job-definition/nf-debian`,
        state: 'gone',
        verification: /inactive.*180 days/,
      },
    );
    t.equal(receipt.complete, true);
  },
);

withAws('checks twice for a registered job definition that is not listed yet', async (t, aws) => {
  let ahead = 0;
  const slept: number[] = [];
  const clock = {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    sleep: async (ms: number) => void slept.push(ms),
  };
  const newStore = (): BatchJobDefinitions =>
    new BatchJobDefinitions({ openSession, provided: new ProvidedCredentials(), clock });
  let store = newStore();
  const place = {
    target: `arn:aws:batch:${REGION}:${ACCOUNT}:job-definition/nf-debian`,
    locator: JSON.stringify({ ...accessOf(settingsFor(aws)), run: 'r1' }),
    sentAt: null,
  };
  await store.remove(place);
  t.match(await store.inspect(place), { state: 'present', evidence: /checks again after 30 s/ });
  await register(aws, 'nf-debian', { 'nf-escrow:run': 'r1' }); // the list shows it only now
  ahead = 31_000;
  t.match(await store.inspect(place), { state: 'present', evidence: /nf-debian:1 is active/ });
  await store.remove(place);
  t.same(await active(aws), []);
  t.same(slept, []);
  t.match(await store.inspect(place), { state: 'absent', evidence: /two checks/ });
  t.same(slept, [1000], 'waits one second between two checks of a definition that it saw');
  store = newStore();
  t.equal((await store.inspect(place)).state, 'present', 'a store that never saw it waits');
  ahead += 29_000;
  t.equal((await store.inspect(place)).state, 'present');
  ahead += 2000;
  t.equal((await store.inspect(place)).state, 'absent');
});

withAws(
  'keeps checking for a job definition as long as its unanswered registration may be carried out',
  async (t, aws) => {
    const sentAt = new Date().toISOString();
    let [set, ahead] = [0, 0];
    const clock = {
      ...systemClock,
      now: () => Date.now() + set + ahead,
      monotonic: () => performance.now() + ahead,
    };
    const store = new BatchJobDefinitions({ openSession, provided: new ProvidedCredentials(), clock });
    const place = {
      target: `arn:aws:batch:${REGION}:${ACCOUNT}:job-definition/nf-debian`,
      locator: JSON.stringify({ ...accessOf(settingsFor(aws)), run: 'r1' }),
      sentAt,
    };
    await store.remove(place);
    t.match(await store.inspect(place), { state: 'present', evidence: /may still be carried out/ });
    await register(aws, 'nf-debian', { 'nf-escrow:run': 'r1' });
    t.match(await store.inspect(place), { state: 'present', evidence: /is active/ });
    await store.remove(place);
    set = 24 * 3_600_000;
    t.match(await store.inspect(place), { state: 'present' }, 'setting the clock does not end the wait');
    ahead = 16 * 60_000;
    t.equal((await store.inspect(place)).state, 'absent');
    const ofAnother = {
      ...place,
      locator: JSON.stringify({ ...accessOf(settingsFor(aws)), run: 'r2' }),
      sentAt: new Date(clock.now()).toISOString(),
    };
    t.match(
      await store.inspect(ofAnother),
      { state: 'present', evidence: /may still be carried out/ },
      'each run has its own wait',
    );
    await t.rejects(store.remove({ ...place, target: '/etc' }), { code: 'internal' });
    aws.rules.down = true;
    await t.rejects(store.inspect(place), { code: 'store-unavailable' });
  },
);

void t.test(
  'iam render writes policies for a partition and prefix, a CloudFormation template, and rejects a bad account',
  async (t) => {
    const box = new Sandbox(t);
    box.env['NXF_PLUGINS_DEFAULT'] = 'true';
    const args = ['iam', 'render', '--account', ACCOUNT, '--execution-role-name', 'execution'];
    const written = await box.escrow([
      ...args,
      '--output',
      'policies',
      '--partition',
      'aws-cn',
      '--prefix',
      'lab',
    ]);
    t.equal(written.status, 0, written.stderr);
    const text = readFileSync(join(box.launch, 'policies/secrets-policy-account.json'), 'utf8');
    t.match(text, `arn:aws-cn:secretsmanager:*:${ACCOUNT}:secret:lab/*`);
    t.notMatch(text, /YOUR-|\$\{/);
    t.match(JSON.parse((await box.escrow([...args, '--cloudformation'])).stdout), {
      Resources: { NfEscrowExecutionRolePolicy: { Type: 'AWS::IAM::ManagedPolicy' } },
    });
    const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0000-1111`;
    t.match(
      JSON.stringify(renderPolicies({ account: ACCOUNT, executionRole: 'x', owner: 'ada', kmsKey: key })),
      /kms:ViaService/,
    );
    t.match(
      JSON.stringify(renderCloudFormation({ account: ACCOUNT, executionRole: 'x', owner: 'ada' })),
      /Fn::Sub/,
    );
    t.equal(
      (await box.escrow(['iam', 'render', '--account', '12', '--execution-role-name', 'x'])).status,
      64,
    );
  },
);

withAws('iam check names the missing action, the identity and the remedy', async (t, aws) => {
  const box = await boxOn(t, aws);
  const check = async (): Promise<DoctorReport['checks']> => {
    const { stdout } = await box.escrow(['iam', 'check', '--compute-env', 'batch', '--json']);
    return (JSON.parse(stdout) as DoctorReport).checks;
  };
  t.match(await check(), [
    { name: 'credentials', state: 'ok' },
    { name: 'job queue', state: 'ok' },
    { name: 'execution role', state: 'failure', found: /role \S+ not found/ },
  ]);
  await makeRole(aws, 'execution', JSON.stringify(renderExecutionTrust({ account: ACCOUNT })));
  aws.rules.denied.add('secretsmanager:DeleteSecret').add('iam:SimulatePrincipalPolicy');
  const checks = await check();
  t.match(
    checks.find(({ name }) => name === 'execution role'),
    { state: 'ok' },
  );
  t.match(
    checks.find(({ name, state }) => name === 'launcher permissions' && state === 'failure'),
    { found: /is not allowed secretsmanager:DeleteSecret on arn:aws:/, remedy: /iam render/ },
  );
  t.same(await aws.secrets(), [], 'the probes leave nothing behind');
  aws.rules.down = true;
  t.match(await check(), [{ name: 'credentials', state: 'failure' }]);
});

withAws(
  "the CloudFormation template creates the dead man's role with trust policy and policy",
  async (t, aws) => {
    const template = renderCloudFormation({
      account: ACCOUNT,
      executionRole: 'x',
      owner: 'ada',
      deadManRole: 'nf-dead-man',
    });
    const form = { Action: 'CreateStack', Version: '2010-05-15', StackName: 'nf-escrow' };
    const answer = await fetch(aws.bare, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/cloudformation/aws4_request`,
      },
      body: new URLSearchParams({ ...form, TemplateBody: JSON.stringify(template) }),
    });
    t.equal(answer.status, 200, await answer.text());
    const { IAMClient, GetRoleCommand, ListAttachedRolePoliciesCommand } =
      await import('@aws-sdk/client-iam');
    const iam = new IAMClient({ region: REGION, endpoint: aws.bare });
    const role = { RoleName: 'nf-dead-man' };
    const { Role } = await iam.send(new GetRoleCommand(role));
    t.match(
      decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
      /"scheduler\.amazonaws\.com".*schedule-group/,
    );
    t.match(await iam.send(new ListAttachedRolePoliciesCommand(role)), {
      AttachedPolicies: [{ PolicyName: /DeadManRolePolicy/ }],
    });
    iam.destroy();
  },
);
