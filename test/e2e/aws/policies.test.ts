// Evaluates the rendered policies against the requests that nf-escrow sends.
import { existsSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SimulatePrincipalPolicyCommandInput } from '@aws-sdk/client-iam';
import { accessOf } from '../../../daemon/aws/session/access.ts';
import type { AwsSession } from '../../../daemon/aws/session/session.ts';
import { checkAws } from '../../../daemon/aws/iam/iam-check.ts';
import {
  renderDeadManTrust,
  renderExecutionTrust,
  renderPolicies,
} from '../../../daemon/aws/iam/iam-policies.ts';
import {
  excessOfExecutionRole,
  excessOfLauncher,
  deadManRolePermissions,
  executionRolePermissions,
  launcherPermissions,
} from '../../../daemon/aws/iam/required-permissions.ts';
import { trustIn } from '../../../daemon/aws/iam/role-trust.ts';
import type { AwsSettings, DoctorCheck, RunList } from '../../../daemon/contract/types.ts';
import { active, register } from '../../support/aws/batch.ts';
import { boxOn } from '../../support/aws/aws-sandbox.ts';
import { BatchAgent } from '../../support/aws/batch-agent.ts';
import { evaluate, type Question } from '../../support/aws/evaluate-policy.ts';
import {
  arn,
  ask,
  passing,
  questionsOf,
  requested,
  roleArn,
  secret,
  tagged,
  type Context,
} from '../../support/aws/iam-questions.ts';
import type { Call, StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, makeRole, QUEUE, REGION, settingsFor, startAws } from '../../support/aws/test-aws.ts';
import { until } from '../../support/sandbox.ts';

const KEY = arn('kms', 'key/0000-1111');
const VIA = { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com` };
const ME = userInfo().username;
const LAUNCHER = { owner: ME, workspace: 'local/main' };
const DEFINITION = arn('batch', 'job-definition/nf-escrow-debian-12:1');
const PRODUCTION = arn('batch', 'job-definition/production:7');

const SETTINGS = {
  ...{ region: REGION, queue: QUEUE, workDir: 's3://nf-work/run', executionRole: roleArn('execution') },
};

const owned = (owner: string, more: Record<string, string> = {}): Context =>
  tagged({ 'nf-escrow:owner': owner, 'nf-escrow:run': 'r1', ...more });
const ownedBy = (owner: string): Record<string, string> => ({
  'nf-escrow:owner': owner,
  'nf-escrow:run': 'r1',
});

/** Returns the requests of every feature: a run with a job definition and a switch, probes, iam check and a sweep. */
async function callsOfEverything(t: Test, aws: StrictAws): Promise<Call[]> {
  const agent = BatchAgent.behind(t, aws);
  await makeRole(aws, 'execution');
  await makeRole(aws, 'dead-man');
  const box = await boxOn(t, aws, '--dead-man', '--dead-man-role', roleArn('dead-man'));
  aws.calls.length = 0;
  const line = `{"at":"%s","type":"job-definition.registered","definition":"nf-escrow-debian:1"}\\n`;
  const script = `printf '${line}' "$(date -u +%FT%TZ)" >>"$NF_ESCROW_RUN/events.jsonl"; touch here; while [ ! -e go ]; do sleep 0.05; done`;
  const started = box.start(['run', '--compute-env', 'batch', script]);
  await until('the head runs', () => existsSync(join(box.launch, 'here')));
  const { id } = (await box.json<RunList>(['runs', 'list'])).runs[0] ?? { id: '' };
  await register(aws, 'nf-escrow-debian', { ...ownedBy(ME), 'nf-escrow:run': id });
  writeFileSync(join(box.launch, 'go'), '');
  const { status, stderr } = await started.ended;
  t.equal(status, 0, stderr);
  await box.escrow(['doctor', '--compute-env', 'batch', '--probe']);
  agent.starved = true; // so that the probe has to terminate its job
  await box.escrow(['doctor', '--compute-env', 'batch', '--probe', '--wait', '1']);
  await box.escrow(['iam', 'check', '--compute-env', 'batch']);
  await box.escrow(['sweep', '--yes']);
  t.same([await aws.secrets(), await active(aws)], [[], []]);
  return [...aws.calls];
}

const all = (questions: readonly Question[], value: boolean): boolean[] => questions.map(() => value);

/** Fails for each question that the policy answers differently. */
function holds(t: Test, policy: object, questions: readonly Question[], value: boolean): void {
  for (const [index, permitted] of evaluate(policy, questions).entries())
    if (permitted !== value) t.fail(`${value ? 'denied' : 'permitted'}: ${JSON.stringify(questions[index])}`);
  t.pass(`${String(questions.length)} questions`);
}

void t.test('the policies allow every request that is sent, and nothing else', async (t) => {
  const aws = await startAws(t);
  if (aws === undefined) return;
  const options = { account: ACCOUNT, executionRole: 'execution', deadManRole: 'dead-man', kmsKey: KEY };
  const policies = renderPolicies({ ...options, ...LAUNCHER });
  const {
    account,
    'execution-role': execution,
    'instance-role': instance,
    'dead-man-role': deadMan,
  } = policies;
  if (deadMan === undefined) throw new Error('not rendered');
  const settings = settingsFor(aws, { deadMan: true, deadManRole: roleArn('dead-man'), kmsKey: KEY });

  await t.test('the launcher may send every request of nf-escrow', async (t) => {
    const calls = (await callsOfEverything(t, aws)).filter(
      // Everyone may call STS, and iam check works without the simulation.
      ({ action }) => !action.startsWith('sts:') && action !== 'iam:SimulatePrincipalPolicy',
    );
    const asked = questionsOf(calls, { 'nf-escrow-debian': ownedBy(ME) });
    const kinds = [...new Set(asked.map(({ action }) => action))].sort();
    t.comment(kinds.join(' '));
    const known = new Set(launcherPermissions(settings, LAUNCHER).map(({ action }) => action));
    t.same(
      kinds.filter((action) => !known.has(action)),
      [],
      'iam check covers every action',
    );
    holds(t, account, asked, true);
    t.ok(kinds.length >= 20, String(kinds.length));
    holds(t, account, launcherPermissions(settings, LAUNCHER), true);
    holds(t, renderPolicies({ ...options, owner: ME }).account, asked, true);
    const text = JSON.stringify(account);
    t.ok(text.length < 6144, `${String(text.length)} characters fit into a managed policy`);
  });

  await t.test('the launcher may do nothing else', async (t) => {
    const own = secret('nf-escrow/local.main/r1');
    const foreign = [
      secret('production/database'),
      secret('nf-escrow-other/local.main/r1'),
      secret('nf-escrow/local.main/r1', '999999999999'),
      secret('nf-escrow/lab.rna/r1'),
      secret('nf-escrow/local.main2/r1'),
    ];
    const onSecrets = ['CreateSecret', 'DeleteSecret', 'DescribeSecret', 'GetSecretValue', 'TagResource'];
    const mine = { ...requested(ownedBy(ME)), ...owned(ME) };
    const denied = [
      ...foreign.flatMap((one) => onSecrets.map((verb) => ask(`secretsmanager:${verb}`, one, mine))),
      ...[
        'PutSecretValue',
        'UpdateSecret',
        'RestoreSecret',
        'RotateSecret',
        'PutResourcePolicy',
        'UntagResource',
        'BatchGetSecretValue',
        'ReplicateSecretToRegions',
        'UpdateSecretVersionStage',
      ].map((verb) => ask(`secretsmanager:${verb}`, own, mine)),
      ...['CreateJobQueue', 'DeleteJobQueue', 'UpdateComputeEnvironment', 'UntagResource', 'CancelJob'].map(
        (verb) => ask(`batch:${verb}`, arn('batch', `job-queue/${QUEUE}`), mine),
      ),
      ask('batch:TagResource', arn('batch', `job-queue/${QUEUE}`), requested({ a: 'b' })),
      ask('batch:TagResource', DEFINITION),
      ask('batch:UntagResource', DEFINITION, mine),
      ...['CreateRole', 'PutRolePolicy', 'AttachRolePolicy', 'UpdateAssumeRolePolicy'].map((verb) =>
        ask(`iam:${verb}`, roleArn('execution')),
      ),
      ask('iam:PassRole', roleArn('execution')),
      passing(roleArn('execution'), 'lambda.amazonaws.com'),
      passing(roleArn('execution'), 'ec2.amazonaws.com'),
      passing(roleArn('admin'), 'ecs-tasks.amazonaws.com'),
      passing(roleArn('dead-man'), 'ecs-tasks.amazonaws.com'),
      ask('iam:PassRole', roleArn('dead-man')),
      ...['CreateSchedule', 'DeleteSchedule', 'GetSchedule', 'UpdateSchedule'].flatMap((verb) => [
        ask(`scheduler:${verb}`, arn('scheduler', 'schedule/default/nightly')),
        ask(`scheduler:${verb}`, arn('scheduler', 'schedule/other/nf-escrow-r1-1')),
      ]),
      ask('scheduler:ListSchedules', '*'),
      ask('kms:Decrypt', arn('kms', 'key/1'), VIA),
      ask('kms:Decrypt', KEY),
      ask('kms:CreateGrant', KEY, VIA),
      ask('sts:AssumeRole', roleArn('execution')),
    ];
    holds(t, account, denied, false);
    const without = renderPolicies({ account: ACCOUNT, executionRole: 'execution', owner: ME }).account;
    holds(
      t,
      without,
      [ask('scheduler:CreateSchedule', arn('scheduler', 'schedule/default/nf-escrow-r1-1'))],
      false,
    );
  });

  await t.test('a peer in the same workspace has no access to secrets of another owner', async (t) => {
    const peer = renderPolicies({ ...options, owner: 'mallory', workspace: 'local/main' }).account;
    const everywhere = renderPolicies({ ...options, owner: 'mallory' }).account;
    const theirs = secret('nf-escrow/local.main/r1');
    const [forged, own] = [requested(ownedBy('ada')), requested(ownedBy('mallory'))];
    const expiry = requested({ 'nf-escrow:expires-at': '2020-01-01T00:00:00.000Z' });
    const denied = [
      ...['GetSecretValue', 'DeleteSecret', 'DescribeSecret'].map((verb) =>
        ask(`secretsmanager:${verb}`, theirs, owned('ada')),
      ),
      // Nor can a peer change the tags of the other's secret, or tag an own secret as the other's.
      ...[forged, own, expiry, requested({ other: 'x' })].map((tags) =>
        ask('secretsmanager:TagResource', theirs, { ...owned('ada'), ...tags }),
      ),
      ask('secretsmanager:TagResource', theirs, { ...owned('mallory'), ...forged }),
      ask('secretsmanager:TagResource', theirs, {
        ...owned('mallory'),
        ...requested({ 'nf-escrow:expires-at': 'x', 'nf-escrow:ledger': 'y' }),
      }),
      ask('secretsmanager:TagResource', theirs, owned('mallory')), // a request without tags
      ask('secretsmanager:GetSecretValue', theirs), // a secret without tags has no owner
      ask('secretsmanager:CreateSecret', theirs, forged),
      ask('secretsmanager:CreateSecret', theirs),
      ask('secretsmanager:CreateSecret', theirs, requested({ other: 'x' })),
      ask('batch:DeregisterJobDefinition', DEFINITION, owned('ada')),
      ask('batch:DeregisterJobDefinition', DEFINITION),
      ...[forged, own, requested({ 'nextflow.io/createdAt': 'x' })].map((tags) =>
        ask('batch:TagResource', DEFINITION, { ...owned('ada'), ...tags }),
      ),
      ask('batch:TagResource', DEFINITION, { ...owned('mallory'), ...forged }),
      // A peer cannot claim or deregister a job definition that nf-escrow did not register.
      ask('batch:TagResource', PRODUCTION, own),
      ask('batch:TagResource', PRODUCTION, forged),
      ask('batch:TagResource', PRODUCTION, requested({ 'nf-escrow:run': 'r1', team: 'x' })),
      ask('batch:DeregisterJobDefinition', PRODUCTION, owned('mallory')),
      ask('batch:DeregisterJobDefinition', PRODUCTION),
    ];
    holds(t, peer, denied, false);
    holds(t, everywhere, denied, false);
    holds(t, peer, excessOfLauncher(settings, { ...LAUNCHER, owner: 'mallory' }), false);
    const permitted = [
      ask('secretsmanager:DescribeSecret', theirs), // needed to verify the absence of a deleted secret
      ask('secretsmanager:DeleteSecret', theirs),
      ask('secretsmanager:TagResource', theirs, { ...owned('mallory'), ...expiry }),
      ask('batch:TagResource', PRODUCTION, requested({ 'nextflow.io/createdAt': 'x' })),
    ];
    holds(t, peer, permitted, true);
  });

  await t.test('every statement that passes roles or sets tags has a condition', async (t) => {
    for (const [who, { Statement }] of Object.entries(policies))
      for (const { Sid, Action, Condition } of Statement) {
        const conditions = JSON.stringify(Condition ?? {});
        const actions = [Action].flat() as string[];
        if (actions.includes('iam:PassRole'))
          t.match(conditions, /iam:PassedToService/, `${who} ${String(Sid)}`);
        if (actions.some((action) => action.endsWith(':TagResource')))
          t.match(conditions, /nf-escrow:owner/, `${who} ${String(Sid)}`);
      }
    const [ecs, scheduler] = ['ecs-tasks.amazonaws.com', 'scheduler.amazonaws.com'];
    const trusts = [
      renderExecutionTrust({ account: ACCOUNT }),
      renderDeadManTrust({ ...options, owner: ME }),
    ];
    for (const [index, service] of [ecs, scheduler].entries())
      t.match(trusts[index], {
        Statement: [
          { Principal: { Service: service }, Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } } },
        ],
      });
    t.throws(() => renderPolicies({ ...options, owner: '' }), { code: 'usage' });
    const odd = renderPolicies({ ...options, owner: '*"${aws:username}' }).account;
    t.match(
      JSON.stringify(odd),
      /"aws:ResourceTag\/nf-escrow:owner":"____aws:username_"/,
      'wildcards and variables in an owner name are escaped',
    );
  });

  await t.test('each role may do only what it is for', async (t) => {
    const ours = secret('nf-escrow/local.main/r1');
    const others = [
      secret('nf-escrow/lab.rna/r1'),
      secret('nf-escrow/local.main2/r1'),
      secret('production/database'),
    ];
    const read = executionRolePermissions(settings, LAUNCHER);
    t.same(
      read.map(({ action }) => action),
      ['secretsmanager:GetSecretValue', 'kms:Decrypt'],
    );
    t.same(evaluate(execution, read), all(read, true));
    const no = [
      ...excessOfExecutionRole(settings, LAUNCHER),
      ...others.map((one) => ask('secretsmanager:GetSecretValue', one)),
      ...['DeleteSecret', 'PutSecretValue', 'DescribeSecret', 'CreateSecret'].map((verb) =>
        ask(`secretsmanager:${verb}`, ours),
      ),
      ask('iam:PassRole', roleArn('execution')),
      ask('kms:GenerateDataKey', KEY, VIA),
      ask('kms:Decrypt', KEY),
    ];
    t.same(evaluate(execution, no), all(no, false), 'the execution role only reads secrets of one workspace');
    const role = [
      passing(roleArn('execution'), 'ecs-tasks.amazonaws.com'),
      ask('iam:GetRole', roleArn('execution')),
    ];
    t.same(evaluate(instance, role), all(role, true));
    const onInstance = [
      ...[ours, ...others].flatMap((one) => [
        ask('secretsmanager:GetSecretValue', one),
        ask('secretsmanager:DeleteSecret', one),
      ]),
      ask('iam:PassRole', roleArn('execution')),
      passing(roleArn('execution'), 'lambda.amazonaws.com'),
    ];
    t.same(
      evaluate(instance, onInstance),
      all(onInstance, false),
      'containers on the instance cannot read secrets with the instance role',
    );
    const removes = deadManRolePermissions(settings, LAUNCHER);
    t.same(evaluate(deadMan, removes), all(removes, true));
    const keeps = [
      ask('secretsmanager:GetSecretValue', ours),
      ask('secretsmanager:DeleteSecret', secret('production/database')),
      ask('secretsmanager:DeleteSecret', secret('nf-escrow-other/x/r1')),
      ask('secretsmanager:DeleteSecret', secret('nf-escrow/lab.rna/r1')),
    ];
    t.same(evaluate(deadMan, keeps), all(keeps, false), 'the switch can delete but not read');
  });
});

/** Returns iam check with a fake session that answers policy simulations with `permits`. */
function checking(
  trust: object,
  permits: (question: Question, principal: string) => boolean,
): (settings: AwsSettings) => Promise<DoctorCheck[]> {
  const send = async ({ input }: { input: SimulatePrincipalPolicyCommandInput }): Promise<object> => {
    if (!('ActionNames' in input)) return { Role: { AssumeRolePolicyDocument: JSON.stringify(trust) } };
    const context = Object.fromEntries(
      (input.ContextEntries ?? []).map(({ ContextKeyName = '', ContextKeyType, ContextKeyValues = [] }) => [
        ContextKeyName,
        ContextKeyType === 'stringList' ? ContextKeyValues : (ContextKeyValues[0] ?? ''),
      ]),
    );
    const question = ask(input.ActionNames?.[0] ?? '', input.ResourceArns?.[0] ?? '', context);
    const isAllowed = permits(question, input.PolicySourceArn ?? '');
    return { EvaluationResults: [{ EvalDecision: isAllowed ? 'allowed' : 'implicitDeny' }] };
  };
  const identity = { account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/ada` };
  const client = { send, destroy: () => undefined };
  return async (settings) => {
    const session = {
      access: accessOf(settings),
      identity,
      iam: async () => client,
      batch: async () => client,
    };
    return checkAws(settings, async () => session as unknown as AwsSession, {
      owner: 'ada',
      workspace: 'lab/rna',
    });
  };
}

const foundIn = (checks: DoctorCheck[], state: string): string[] =>
  checks.filter((one) => one.name.endsWith(' permissions') && one.state === state).map(({ found }) => found);

void t.test('iam check covers a customer managed key, but not a key alias', async (t) => {
  const lacking = new Set<string>();
  const asked: Question[] = [];
  const check = checking(renderExecutionTrust({ account: ACCOUNT }), (question) => {
    if (question.action.startsWith('kms:')) asked.push(question);
    return !lacking.has(question.action);
  });
  const withKey = async (kmsKey: string): Promise<DoctorCheck[]> => {
    asked.length = 0;
    return check({ ...SETTINGS, kmsKey });
  };
  t.match(foundIn(await withKey('0000-1111'), 'ok'), [
    /read the secrets/,
    /kms:GenerateDataKey, kms:Decrypt/,
  ]);
  const [decrypt, generate] = [ask('kms:Decrypt', KEY, VIA), ask('kms:GenerateDataKey', KEY, VIA)];
  t.same(asked, [decrypt, generate, decrypt], 'checks the execution role, then the launcher');
  lacking.add('kms:Decrypt');
  t.match(foundIn(await withKey(KEY), 'warning').slice(0, 1), [
    new RegExp(`role/execution do not allow kms:Decrypt on ${KEY}`),
  ]);
  t.ok(
    foundIn(await withKey(KEY), 'warning').some((found) =>
      found.includes(`user/ada do not allow kms:Decrypt`),
    ),
  );
  t.same(foundIn(await withKey(KEY), 'failure'), [], 'is no failure, since the key policy may allow it');
  await withKey('alias/nf-escrow');
  t.same(asked, []);
});

void t.test('iam check accepts the rendered policies and warns about wider ones', async (t) => {
  if (process.env['NF_ESCROW_TEST_MOTO'] === undefined) {
    t.pass('skipped', { skip: 'NF_ESCROW_TEST_MOTO is not set' });
    return;
  }
  const launcher = { owner: 'ada', workspace: 'lab/rna' };
  const needs = [
    ...launcherPermissions(SETTINGS, launcher),
    ...excessOfLauncher(SETTINGS, launcher),
    ...executionRolePermissions(SETTINGS, launcher),
    ...excessOfExecutionRole(SETTINGS, launcher),
  ];
  const of = (options: { owner: string; workspace?: string }) => {
    const rendered = renderPolicies({ account: ACCOUNT, executionRole: 'execution', ...options });
    const permitted = (policy: object): Set<string> => {
      const answers = evaluate(policy, needs);
      return new Set(needs.filter((_, index) => answers[index]).map((need) => JSON.stringify(need)));
    };
    const [role, account] = [permitted(rendered['execution-role']), permitted(rendered.account)];
    return (question: Question, principal: string): boolean =>
      (principal.includes(':role/') ? role : account).has(JSON.stringify(question));
  };
  const trust = renderExecutionTrust({ account: ACCOUNT });
  const scoped = await checking(trust, of({ owner: 'ada', workspace: 'lab/rna' }))(SETTINGS);
  t.same([foundIn(scoped, 'failure'), foundIn(scoped, 'warning')], [[], []], JSON.stringify(scoped));
  const unbounded = await checking(trust, of({ owner: 'ada' }))(SETTINGS);
  t.match(foundIn(unbounded, 'warning'), [/execution can read the live secrets of every workspace/]);
  const others = await checking(trust, of({ owner: 'bob', workspace: 'lab/rna' }))(SETTINGS);
  t.match(foundIn(others, 'failure'), [
    /is not allowed secretsmanager:CreateSecret .*secretsmanager:GetSecretValue/,
  ]);
  const elsewhere = await checking(trust, of({ owner: 'ada', workspace: 'lab/dna' }))(SETTINGS);
  t.match(foundIn(elsewhere, 'failure'), [
    /execution is not allowed secretsmanager:GetSecretValue/,
    /CreateSecret/,
  ]);
  const tooMuch = await checking(trust, () => true)(SETTINGS);
  t.match(foundIn(tooMuch, 'warning'), [
    /every workspace/,
    /user\/ada is also allowed secretsmanager:GetSecretValue, secretsmanager:DeleteSecret on secrets of other owners' runs/,
  ]);
});

void t.test('iam check warns about a trust policy without an account condition', async (t) => {
  const service = 'ecs-tasks.amazonaws.com';
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  const trusts = (Condition?: object): object => ({ Statement: [{ ...statement, Condition }] });
  const judge = (document: object): string => trustIn(JSON.stringify(document), service, ACCOUNT);
  t.equal(judge(renderExecutionTrust({ account: ACCOUNT })), 'own-account');
  t.equal(judge(trusts({ ArnLike: { 'aws:SourceArn': `arn:aws:ecs:*:${ACCOUNT}:*` } })), 'own-account');
  for (const condition of [
    undefined,
    {},
    { StringEquals: { 'aws:SourceAccount': [ACCOUNT, '999999999999'] } },
    { StringEqualsIfExists: { 'aws:SourceAccount': ACCOUNT } },
    { StringNotEquals: { 'aws:SourceAccount': ACCOUNT } },
    { ArnLike: { 'aws:SourceArn': 'arn:aws:ecs:*:*:*' } },
  ])
    t.equal(judge(trusts(condition)), 'any-account', JSON.stringify(condition));
  t.equal(judge({ Statement: statement }), 'any-account', 'accepts a single statement without an array');
  const both = {
    Statement: [
      { ...statement },
      { ...statement, Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } } },
    ],
  };
  t.equal(judge(both), 'any-account', 'one statement without a condition is enough');
  t.equal(judge({ Statement: [{ ...statement, Effect: 'Deny' }] }), 'none');
  t.equal(judge({ Statement: [{ ...statement, Principal: { Service: ['ec2.amazonaws.com'] } }] }), 'none');
  t.equal(trustIn('', service, ACCOUNT), 'none');
  const checks = await checking(trusts(), () => true)(SETTINGS);
  t.match(
    checks.find(({ name }) => name === 'execution role'),
    { state: 'warning', found: /no aws:SourceAccount/, remedy: /secrets-trust-execution-role\.json/ },
  );
});
