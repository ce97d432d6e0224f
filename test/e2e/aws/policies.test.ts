// The policies against the calls that are really made, by an evaluator of IAM policies.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SimulatePrincipalPolicyCommandInput } from '@aws-sdk/client-iam';
import { accessOf } from '../../../daemon/aws/session/access.ts';
import type { AwsSession } from '../../../daemon/aws/session/session.ts';
import { checkAws } from '../../../daemon/aws/iam/iam-check.ts';
import { renderPolicies } from '../../../daemon/aws/iam/iam-policies.ts';
import {
  deadManRolePermissions,
  executionRolePermissions,
  launcherPermissions,
} from '../../../daemon/aws/iam/required-permissions.ts';
import type { DoctorCheck, RunList } from '../../../daemon/contract/types.ts';
import { active, register } from '../../support/aws/batch.ts';
import { boxOn } from '../../support/aws/aws-sandbox.ts';
import { Edge } from '../../support/aws/batch-agent.ts';
import { evaluate, type Question } from '../../support/aws/evaluate-policy.ts';
import type { Call, StrictAws } from '../../support/aws/strict-aws.ts';
import { ACCOUNT, makeRole, QUEUE, REGION, settingsFor, startAws } from '../../support/aws/test-aws.ts';
import { until } from '../../support/sandbox.ts';

const arn = (service: string, resource: string, account = ACCOUNT): string =>
  `arn:aws:${service}:${REGION}:${account}:${resource}`;
const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const secret = (name: string, account = ACCOUNT): string =>
  arn('secretsmanager', `secret:${name}-AbCdEf`, account);
const ask = (action: string, resource: string, context: Question['context'] = {}): Question => ({
  ...{ action, resource, context },
});
const passing = (role: string, service: string): Question =>
  ask('iam:PassRole', role, { 'iam:PassedToService': service });

const KEY = arn('kms', 'key/0000-1111');
const VIA = { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com` };

const SETTINGS = {
  ...{ region: REGION, queue: QUEUE, workDir: 's3://nf-work/run', executionRole: roleArn('execution') },
};

/** Everything that is asked of AWS: a run with a job definition and a switch, a probe, a check, a sweep. */
async function callsOfEverything(t: Test, aws: StrictAws): Promise<Call[]> {
  const edge = Edge.behind(t, aws);
  await makeRole(aws, 'execution');
  await makeRole(aws, 'dead-man');
  const box = await boxOn(t, aws, '--dead-man', '--dead-man-role', roleArn('dead-man'));
  aws.calls.length = 0;
  const line = `{"at":"%s","type":"job-definition.registered","definition":"nf-debian:1"}\\n`;
  const script = `printf '${line}' "$(date -u +%FT%TZ)" >>"$NF_ESCROW_RUN/events.jsonl"; touch here; while [ ! -e go ]; do sleep 0.05; done`;
  const started = box.start(['run', '--compute-env', 'batch', script]);
  await until('the head runs', () => existsSync(join(box.launch, 'here')));
  const { id } = (await box.json<RunList>(['runs', 'list'])).runs[0] ?? { id: '' };
  await register(aws, 'nf-debian', { 'nf-escrow:run': id });
  writeFileSync(join(box.launch, 'go'), '');
  const { status, stderr } = await started.ended;
  t.equal(status, 0, stderr);
  await box.escrow(['doctor', '--compute-env', 'batch', '--probe']);
  edge.starved = true; // so that a job has to be ended
  await box.escrow(['doctor', '--compute-env', 'batch', '--probe', '--wait', '1']);
  await box.escrow(['iam', 'check', '--compute-env', 'batch']);
  await box.escrow(['sweep', '--yes']);
  t.same([await aws.secrets(), await active(aws)], [[], []]);
  return [...aws.calls];
}

/** What IAM is asked for a call: the action on its resource, and what comes with it. */
function questionsOf({ action, body, path }: Call): Question[] {
  const sent = action.startsWith('iam:') ? {} : (JSON.parse(body || '{}') as Record<string, unknown>);
  const text = (key: string): string => (typeof sent[key] === 'string' ? sent[key] : '');
  const [service = '', verb = ''] = action.split(':');
  if (service === 'secretsmanager') {
    const on = verb === 'ListSecrets' ? '*' : secret(text('Name') || text('SecretId'));
    return [ask(action, on), ...(sent['Tags'] === undefined ? [] : [ask('secretsmanager:TagResource', on)])];
  }
  if (service === 'scheduler') {
    const on = arn('scheduler', `schedule/default/${/^\/schedules\/([^?]*)/.exec(path)?.[1] ?? ''}`);
    const target = sent['Target'] as { RoleArn?: string } | undefined;
    return [
      ask(action, on),
      ...(target === undefined ? [] : [passing(target.RoleArn ?? '', 'scheduler.amazonaws.com')]),
    ];
  }
  if (service === 'iam') return [ask(action, roleArn(/RoleName=([^&]*)/.exec(body)?.[1] ?? ''))];
  switch (verb) {
    case 'registerjobdefinition': {
      const on = arn('batch', `job-definition/${text('jobDefinitionName')}`);
      const properties = sent['containerProperties'] as { executionRoleArn: string };
      return [
        ask('batch:RegisterJobDefinition', on),
        ask('batch:TagResource', on),
        passing(properties.executionRoleArn, 'ecs-tasks.amazonaws.com'),
      ];
    }
    case 'deregisterjobdefinition':
      return [
        ask('batch:DeregisterJobDefinition', text('jobDefinition'), {
          'aws:ResourceTag/nf-escrow:run': 'r1',
        }),
      ];
    case 'submitjob':
      return [
        ask('batch:SubmitJob', text('jobDefinition')),
        ask('batch:SubmitJob', arn('batch', `job-queue/${text('jobQueue')}`)),
      ];
    case 'terminatejob':
      return [ask('batch:TerminateJob', arn('batch', `job/${text('jobId')}`))];
    default:
      return [ask(`batch:${DESCRIBES.find((one) => one.toLowerCase() === verb) ?? verb}`, '*')];
  }
}

const DESCRIBES = [
  ...['DescribeComputeEnvironments', 'DescribeJobDefinitions', 'DescribeJobQueues', 'DescribeJobs'],
];

const all = (questions: readonly Question[], value: boolean): boolean[] => questions.map(() => value);

void t.test('each call that is made is permitted, and nothing else', async (t) => {
  const aws = await startAws(t);
  if (aws === undefined) return;
  const policies = renderPolicies({
    account: ACCOUNT,
    executionRole: 'execution',
    deadManRole: 'dead-man',
    workspace: 'local/main',
    kmsKey: KEY,
  });
  const {
    account,
    'execution-role': execution,
    'instance-role': instance,
    'dead-man-role': deadMan,
  } = policies;
  if (deadMan === undefined) throw new Error('not rendered');
  const settings = settingsFor(aws, { deadMan: true, deadManRole: roleArn('dead-man'), kmsKey: KEY });

  await t.test('what is made', async (t) => {
    const calls = (await callsOfEverything(t, aws)).filter(
      // It is permitted to everyone, and asked only where it is permitted.
      ({ action }) => !action.startsWith('sts:') && action !== 'iam:SimulatePrincipalPolicy',
    );
    const asked = calls.flatMap(questionsOf);
    const kinds = [...new Set(asked.map(({ action }) => action))].sort();
    t.comment(kinds.join(' '));
    const known = new Set(launcherPermissions(settings).map(({ action }) => action));
    t.same(
      kinds.filter((action) => !known.has(action)),
      [],
      'iam check knows of each',
    );
    for (const [index, permitted] of evaluate(account, asked).entries())
      if (!permitted) t.fail(JSON.stringify(asked[index]));
    t.ok(kinds.length >= 20, String(kinds.length));
    const needs = launcherPermissions(settings).map(({ action, resource, passedTo }) =>
      ask(action, resource, {
        'aws:ResourceTag/nf-escrow:run': 'r1',
        'iam:PassedToService': passedTo ?? 'ecs-tasks.amazonaws.com',
        ...VIA,
      }),
    );
    t.same(evaluate(account, needs), all(needs, true), 'and each that iam check asks about');
  });

  await t.test('who launches may nothing else', async (t) => {
    const own = secret('nf-escrow/local.main/r1');
    const foreign = [
      secret('production/database'),
      secret('nf-escrow-other/local.main/r1'),
      secret('nf-escrow/local.main/r1', '999999999999'),
    ];
    const onSecrets = ['CreateSecret', 'DeleteSecret', 'DescribeSecret', 'GetSecretValue', 'TagResource'];
    const denied = [
      ...foreign.flatMap((one) => onSecrets.map((verb) => ask(`secretsmanager:${verb}`, one))),
      ...[
        'PutSecretValue',
        'UpdateSecret',
        'RestoreSecret',
        'RotateSecret',
        'PutResourcePolicy',
        'UntagResource',
        'BatchGetSecretValue',
        'ReplicateSecretToRegions',
      ].map((verb) => ask(`secretsmanager:${verb}`, own)),
      ...['CreateJobQueue', 'DeleteJobQueue', 'UpdateComputeEnvironment', 'UntagResource', 'CancelJob'].map(
        (verb) => ask(`batch:${verb}`, arn('batch', `job-queue/${QUEUE}`)),
      ),
      ask('batch:DeregisterJobDefinition', arn('batch', 'job-definition/nf-debian:1')),
      ask('batch:DeregisterJobDefinition', arn('batch', 'job-definition/nf-debian:1'), {
        'aws:ResourceTag/other': 'r1',
      }),
      ask('batch:DeregisterJobDefinition', arn('batch', 'job-definition/nf-debian:1'), {
        'aws:ResourceTag/nf-escrow:run': 'x1',
      }),
      ...['CreateRole', 'PutRolePolicy', 'AttachRolePolicy', 'UpdateAssumeRolePolicy'].map((verb) =>
        ask(`iam:${verb}`, roleArn('execution')),
      ),
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
    for (const [index, permitted] of evaluate(account, denied).entries())
      if (permitted) t.fail(JSON.stringify(denied[index]));
    t.pass(`${String(denied.length)} asked`);
    const without = renderPolicies({ account: ACCOUNT, executionRole: 'execution' }).account;
    t.same(
      evaluate(without, [
        ask('scheduler:CreateSchedule', arn('scheduler', 'schedule/default/nf-escrow-r1-1')),
      ]),
      [false],
      'and nothing of a switch, where there is none',
    );
  });

  await t.test('the roles may only what they are for', async (t) => {
    const ours = secret('nf-escrow/local.main/r1');
    const others = [
      secret('nf-escrow/lab.rna/r1'),
      secret('nf-escrow/local.main2/r1'),
      secret('production/database'),
    ];
    const read = executionRolePermissions(settings).map(({ action, resource }) =>
      action.startsWith('kms:') ? ask(action, resource, VIA) : ask(action, ours),
    );
    t.same(
      read.map(({ action }) => action),
      ['secretsmanager:GetSecretValue', 'kms:Decrypt'],
    );
    t.same(evaluate(execution, read), all(read, true));
    const no = [
      ...others.map((one) => ask('secretsmanager:GetSecretValue', one)),
      ...['DeleteSecret', 'PutSecretValue', 'DescribeSecret', 'CreateSecret'].map((verb) =>
        ask(`secretsmanager:${verb}`, ours),
      ),
      ask('iam:PassRole', roleArn('execution')),
      ask('kms:GenerateDataKey', KEY, VIA),
      ask('kms:Decrypt', KEY),
    ];
    t.same(evaluate(execution, no), all(no, false), "the execution role reads one workspace's");
    const role = [
      passing(roleArn('execution'), 'ecs-tasks.amazonaws.com'),
      ask('iam:GetRole', roleArn('execution')),
    ];
    t.same(evaluate(instance, role), all(role, true));
    const onInstance = [ours, ...others].flatMap((one) => [
      ask('secretsmanager:GetSecretValue', one),
      ask('secretsmanager:DeleteSecret', one),
    ]);
    t.same(
      evaluate(instance, onInstance),
      all(onInstance, false),
      'whoever reaches the instance reads nothing',
    );
    const removes = deadManRolePermissions(settings).map(({ action }) => ask(action, ours));
    t.same(evaluate(deadMan, removes), all(removes, true));
    const keeps = [
      ask('secretsmanager:GetSecretValue', ours),
      ask('secretsmanager:DeleteSecret', secret('production/database')),
      ask('secretsmanager:DeleteSecret', secret('nf-escrow-other/x/r1')),
    ];
    t.same(evaluate(deadMan, keeps), all(keeps, false), 'the switch deletes, and reads nothing');
  });
});

void t.test('iam check asks for what a key of yours needs, and for none by its alias', async (t) => {
  const lacking = new Set<string>();
  const asked: Question[] = [];
  const send = async ({ input }: { input: SimulatePrincipalPolicyCommandInput }): Promise<object> => {
    if (!('ActionNames' in input)) return { Role: { AssumeRolePolicyDocument: 'ecs-tasks.amazonaws.com' } };
    const [action = '', resource = ''] = [input.ActionNames?.[0], input.ResourceArns?.[0]];
    const via = input.ContextEntries?.find(({ ContextKeyName }) => ContextKeyName === 'kms:ViaService');
    if (action.startsWith('kms:'))
      asked.push(ask(action, resource, { 'kms:ViaService': via?.ContextKeyValues?.[0] ?? '' }));
    return { EvaluationResults: [{ EvalDecision: lacking.has(action) ? 'implicitDeny' : 'allowed' }] };
  };
  const identity = { account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/ada` };
  const client = { send, destroy: () => undefined };
  const check = async (kmsKey: string): Promise<DoctorCheck[]> => {
    const settings = { ...SETTINGS, kmsKey };
    const session = {
      access: accessOf(settings),
      identity,
      iam: async () => client,
      batch: async () => client,
    };
    asked.length = 0;
    return checkAws(settings, async () => session as unknown as AwsSession);
  };
  const may = (checks: DoctorCheck[], state: string): string[] =>
    checks.filter((one) => one.name.endsWith(' may') && one.state === state).map(({ found }) => found);
  t.match(may(await check('0000-1111'), 'ok'), [/read the secrets/, /kms:GenerateDataKey, kms:Decrypt/]);
  const [decrypt, generate] = [ask('kms:Decrypt', KEY, VIA), ask('kms:GenerateDataKey', KEY, VIA)];
  t.same(asked, [decrypt, generate, decrypt], 'of the execution role, then of who launches');
  lacking.add('kms:Decrypt');
  t.match(may(await check(KEY), 'warning'), [
    new RegExp(`role/execution do not permit kms:Decrypt on ${KEY}`),
    new RegExp(`user/ada do not permit kms:Decrypt on ${KEY}`),
  ]);
  t.same(may(await check(KEY), 'failure'), [], "the key's own policy may permit it");
  await check('alias/nf-escrow');
  t.same(asked, []);
});
