// `iam render --server` and `iam check --server`, with policies that are evaluated.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { SimulatePrincipalPolicyCommandInput } from '@aws-sdk/client-iam';
import { checkServer } from '../../../daemon/aws/iam/check-server.ts';
import { renderExecutionTrust } from '../../../daemon/aws/iam/iam-policies.ts';
import {
  excessOfExecutionRole,
  excessOfServer,
  executionRolePermissions,
  serverPermissions,
  type AwsPlace,
} from '../../../daemon/aws/iam/required-permissions.ts';
import { renderServerDocuments } from '../../../daemon/aws/iam/server-policies.ts';
import type { AwsSession } from '../../../daemon/aws/session/session.ts';
import type { DoctorCheck, DoctorReport } from '../../../daemon/contract/types.ts';
import { evaluate, type Question } from '../../support/aws/evaluate-policy.ts';
import { arn, ask, passing, requested, roleArn, secret, tagged } from '../../support/aws/iam-questions.ts';
import { ACCOUNT, makeRole, REGION } from '../../support/aws/test-aws.ts';
import { withAws } from '../../support/aws/with-aws.ts';
import { Sandbox } from '../../support/sandbox.ts';
import { skipUnlessRequired } from '../../support/skip-unless-required.ts';

const WORKSPACE = 'lab/rna';
const KEY = arn('kms', 'key/0000-1111');
const OPTIONS = {
  ...{ workspace: WORKSPACE, account: ACCOUNT, region: REGION, executionRole: 'execution' },
  ...{ serverRole: 'escrow', externalId: 'a-b-c', deadManRole: 'dead-man', kmsKey: KEY },
};
const WITHOUT_SWITCH: AwsPlace = {
  ...{ region: REGION, executionRole: roleArn('execution'), assumeRole: roleArn('escrow'), kmsKey: KEY },
};
const PLACE: AwsPlace = { ...WITHOUT_SWITCH, deadMan: true, deadManRole: roleArn('dead-man') };

const OURS = secret('nf-escrow/lab.rna/r1');
const FOREIGN = [
  secret('nf-escrow/lab.dna/r1'),
  secret('nf-escrow/lab.rna2/r1'),
  secret('nf-escrow-other/lab.rna/r1'),
  secret('production/database'),
  secret('nf-escrow/lab.rna/r1', '999999999999'),
  OURS.replace(REGION, 'us-east-1'),
];
const OF_RUN = { 'nf-escrow:owner': 'ada', 'nf-escrow:run': 'r1' };
/** Returns the questions that a policy answers with a value. */
function answered(policy: object, questions: readonly Question[], value: boolean): Question[] {
  const answers = evaluate(policy, questions);
  return questions.filter((_, index) => answers[index] === value);
}

const VERBS = ['CreateSecret', 'DeleteSecret', 'DescribeSecret', 'TagResource'];

void t.test('the server may do what it needs for the workspace, and nothing else', (t) => {
  if (process.env['NF_ESCROW_TEST_MOTO'] === undefined) {
    skipUnlessRequired(t, 'NF_ESCROW_TEST_MOTO is not set');
    t.end();
    return;
  }
  const documents = renderServerDocuments(OPTIONS);
  const server = documents['secrets-policy-server.json'] ?? {};
  const needs = serverPermissions(PLACE, WORKSPACE);
  t.same(answered(server, needs, false), []);
  const denied = [
    ...excessOfServer(PLACE, WORKSPACE),
    ...FOREIGN.flatMap((one) => VERBS.map((verb) => ask(`secretsmanager:${verb}`, one, requested(OF_RUN)))),
    ask('secretsmanager:CreateSecret', OURS, requested({ team: 'x' })),
    ask('secretsmanager:CreateSecret', OURS), // the sweep would not find it
    ask('secretsmanager:PutSecretValue', OURS),
    passing(roleArn('execution'), 'ecs-tasks.amazonaws.com'),
    ask('batch:SubmitJob', arn('batch', 'job-queue/nf-queue')),
    ask('batch:DeregisterJobDefinition', arn('batch', 'job-definition/production:7')),
  ];
  t.same(answered(server, denied, true), []);

  const launcher = documents['secrets-policy-launcher.json'] ?? {};
  const definition = arn('batch', 'job-definition/nf-escrow-debian-12:1');
  const runs = [
    passing(roleArn('execution'), 'ecs-tasks.amazonaws.com'),
    ask('batch:RegisterJobDefinition', definition, requested(OF_RUN)),
    ask('batch:TagResource', definition, requested(OF_RUN)),
    ask('batch:TagResource', arn('batch', 'job/1'), requested({ 'nextflow.io/version': '25' })),
    ask('batch:SubmitJob', definition),
    ask('batch:SubmitJob', arn('batch', 'job-queue/nf-queue')),
    ask('batch:DescribeJobs', '*'),
    ask('batch:TerminateJob', arn('batch', 'job/1')),
  ];
  t.same(
    evaluate(launcher, runs),
    runs.map(() => true),
  );
  const refused = [
    ...['GetSecretValue', 'ListSecrets', ...VERBS].flatMap((verb) =>
      [OURS, '*'].map((one) =>
        ask(`secretsmanager:${verb}`, one, { ...requested(OF_RUN), ...tagged(OF_RUN) }),
      ),
    ),
    passing(roleArn('another'), 'ecs-tasks.amazonaws.com'),
    passing(roleArn('execution'), 'lambda.amazonaws.com'),
    passing(roleArn('escrow'), 'ecs-tasks.amazonaws.com'),
    ask('sts:AssumeRole', roleArn('escrow')),
    ask('batch:DeregisterJobDefinition', definition),
    ask('batch:TagResource', arn('batch', 'job-definition/production:7'), requested(OF_RUN)),
  ];
  t.same(answered(launcher, refused, true), []);

  const execution = documents['secrets-policy-execution-role.json'] ?? {};
  const read = executionRolePermissions(PLACE, { owner: 'server', workspace: WORKSPACE });
  t.same(
    evaluate(execution, read),
    read.map(() => true),
  );
  const unread = FOREIGN.slice(0, 5).map((one) => ask('secretsmanager:GetSecretValue', one));
  t.same(
    evaluate(execution, unread),
    unread.map(() => false),
  );
  t.end();
});

/** Returns `checkServer` with a fake session that answers policy simulations with `permits`. */
async function check(permits: (question: Question, principal: string) => boolean): Promise<DoctorCheck[]> {
  const trust = JSON.stringify(renderExecutionTrust({ account: ACCOUNT }));
  const send = async ({ input }: { input: SimulatePrincipalPolicyCommandInput }): Promise<object> => {
    if (!('ActionNames' in input)) return { Role: { AssumeRolePolicyDocument: trust } };
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
  const client = { send, destroy: () => undefined };
  const identity = { account: ACCOUNT, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/escrow/nf-escrow` };
  const open = async (): Promise<AwsSession> =>
    ({
      identity,
      access: { account: ACCOUNT, region: REGION },
      iam: async () => client,
    }) as unknown as AwsSession;
  return checkServer(WITHOUT_SWITCH, open, WORKSPACE);
}

const foundIn = (checks: DoctorCheck[], state: string): string[] =>
  checks.filter((one) => one.name.endsWith(' permissions') && one.state === state).map(({ found }) => found);

void t.test(
  'iam check --server accepts the rendered policies, and reports narrower and wider ones',
  async (t) => {
    if (process.env['NF_ESCROW_TEST_MOTO'] === undefined) {
      skipUnlessRequired(t, 'NF_ESCROW_TEST_MOTO is not set');
      return;
    }
    const launcher = { owner: 'server', workspace: WORKSPACE };
    const needs = [
      ...serverPermissions(PLACE, WORKSPACE),
      ...excessOfServer(PLACE, WORKSPACE),
      ...executionRolePermissions(PLACE, launcher),
      ...excessOfExecutionRole(PLACE, launcher),
    ];
    const permitsOf = (workspace: string) => {
      const documents = renderServerDocuments({ ...OPTIONS, workspace });
      const of = (name: string): Set<string> => {
        const answers = evaluate(documents[name] ?? {}, needs);
        return new Set(needs.filter((_, index) => answers[index]).map((need) => JSON.stringify(need)));
      };
      const [server, execution] = [
        of('secrets-policy-server.json'),
        of('secrets-policy-execution-role.json'),
      ];
      return (question: Question, principal: string): boolean =>
        (principal.endsWith('/escrow') ? server : execution).has(JSON.stringify(question));
    };
    const fitting = await check(permitsOf(WORKSPACE));
    t.same([foundIn(fitting, 'failure'), foundIn(fitting, 'warning')], [[], []], JSON.stringify(fitting));
    t.match(foundIn(fitting, 'ok'), [/read the secrets of runs in lab\/rna/, /create, find and delete/]);
    t.match(foundIn(await check(permitsOf('lab/dna')), 'failure'), [
      /execution is not allowed secretsmanager:GetSecretValue/,
      /escrow is not allowed secretsmanager:CreateSecret.*DeleteSecret/,
    ]);
    t.match(foundIn(await check(() => true), 'warning'), [
      /execution can read the live secrets of every workspace/,
      /escrow is also allowed secretsmanager:GetSecretValue/,
      /escrow is also allowed secretsmanager:DeleteSecret on .*another-program/,
    ]);
  },
);

withAws('`iam check --server` assumes the role, and reports what its identity may not do', async (t, aws) => {
  const trust = JSON.stringify(renderExecutionTrust({ account: ACCOUNT }));
  await makeRole(aws, 'execution', trust);
  await makeRole(aws, 'escrow');
  const box = new Sandbox(t);
  const options = [
    ...['--server', '--workspace', WORKSPACE, '--region', REGION, '--endpoint', aws.endpoint],
    ...['--execution-role', roleArn('execution')],
  ];
  const run = async (...more: string[]): Promise<DoctorReport & { status: number | null }> => {
    const { status, stdout, stderr } = await box.escrow(['iam', 'check', ...options, '--json', ...more]);
    if (stdout === '') throw new Error(stderr);
    return { ...(JSON.parse(stdout) as DoctorReport), status };
  };
  aws.rules.denied.add('iam:SimulatePrincipalPolicy');
  const good = await run();
  t.match(good, {
    status: 0,
    checks: [
      { name: 'credentials', state: 'ok' },
      { name: 'execution role', state: 'ok' },
    ],
  });
  t.match(foundIn([...good.checks], 'ok'), [/secretsmanager:DeleteSecret.*\(probed\)/]);
  t.match(foundIn([...good.checks], 'warning').at(-1), /cannot check secretsmanager:CreateSecret/);
  aws.rules.denied.add('secretsmanager:DeleteSecret');
  const bad = await run();
  t.equal(bad.status, 1);
  t.match(foundIn([...bad.checks], 'failure'), [/is not allowed secretsmanager:DeleteSecret/]);
  t.same(await aws.secrets(), [], 'nothing was created');

  aws.calls.length = 0;
  const assumed = await run('--server-role', 'escrow', '--external-id', 'a-b-c');
  t.match(assumed.checks[0], { state: 'ok', found: /assumed-role\/escrow\// });
  const calls = aws.calls.filter(({ action }) => action === 'sts:AssumeRole');
  t.match(calls, [{ body: /ExternalId=a-b-c/ }]);

  for (const missing of ['--workspace', '--region', '--execution-role']) {
    const rest = options.filter((_, index) => options[index] !== missing && options[index - 1] !== missing);
    const { status, stderr } = await box.escrow(['iam', 'check', ...rest]);
    t.match({ status, stderr }, { status: 64, stderr: new RegExp(`--server needs ${missing}`) });
  }
  t.match(await box.escrow(['iam', 'check']), { status: 64, stderr: /--compute-env <NAME> is missing/ });
});

void t.test('`iam render --server` writes the files', async (t) => {
  const box = new Sandbox(t);
  const directory = join(box.directory, 'policies');
  const options = [
    ...['--server', '--workspace', WORKSPACE, '--account', ACCOUNT, '--region', REGION],
    ...['--execution-role', roleArn('execution'), '--server-role', 'escrow', '--external-id', 'a-b-c'],
  ];
  const { status, stdout, stderr } = await box.escrow(['iam', 'render', ...options, '--output', directory]);
  t.equal(status, 0, stderr);
  const files = stdout.trim().split('\n');
  t.equal(files.length, 6);
  const documents = renderServerDocuments({ ...OPTIONS, deadManRole: undefined, kmsKey: undefined });
  for (const file of files)
    t.same(JSON.parse(readFileSync(file, 'utf8')), documents[file.slice(directory.length + 1)], file);
  t.match(await box.escrow(['iam', 'render', ...options, '--cloudformation']), { status: 64 });
  t.match(await box.escrow(['iam', 'render', '--account', ACCOUNT]), {
    status: 64,
    stderr: /--execution-role-name <NAME> is missing/,
  });
});
