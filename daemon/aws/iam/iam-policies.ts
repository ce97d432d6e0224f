import { readFileSync } from 'node:fs';
import { packageFile } from '../../package-files.ts';
import { shownValue } from '../../contract/shown-value.ts';
import { EscrowError } from '../../errors.ts';
import { asTag } from '../tags.ts';
import { viaSecretsManager } from './required-permissions.ts';

/** Identities that receive a policy: templates/aws-batch/secrets-policy-<holder>.json. */
type PolicyHolder = 'execution-role' | 'instance-role' | 'account' | 'dead-man-role';
/** Identities that receive a policy only if a team server delivers the secrets. */
type ServerPolicyHolder = 'server' | 'launcher';
/** The policy of `dead-man-role` exists only with a dead man's switch. */
type Policies = Readonly<Record<Exclude<PolicyHolder, 'dead-man-role'>, Policy>> &
  Readonly<Partial<Record<'dead-man-role', Policy>>>;

/** Where each document belongs, by file name, in sentences. */
export const policyPurposes: Readonly<Record<string, string>> = {
  'secrets-policy-execution-role.json':
    'Attach it to the execution role. ECS reads the secrets of runs with this role when a container starts.',
  'secrets-policy-instance-role.json':
    'Attach it to the instance role of the Batch compute environment, only if Nextflow itself runs there. It grants no access to secrets, because containers can reach the credentials of their instance.',
  'secrets-policy-account.json':
    'Attach it to the launcher, the user or role that runs nf-escrow, in addition to what Nextflow needs. It permits creating and removing the secrets of runs.',
  'secrets-policy-dead-man-role.json':
    "Attach it to the role of the dead man's switch, with which EventBridge Scheduler deletes the secrets of a lost run.",
  'secrets-policy-server.json':
    'Attach it to the AWS identity of the team server, or to the role that the server assumes. It permits creating and removing the secrets of the workspace, and not reading them.',
  'secrets-policy-server-identity.json':
    'Attach it to the AWS identity of the team server. It permits assuming the role of the server.',
  'secrets-policy-launcher.json':
    'Attach it to the people who launch runs in the workspace, in addition to what Nextflow needs. It grants no access to Secrets Manager.',
  'secrets-trust-server.json':
    'Set it as the trust policy of the role that the team server assumes. With an external id, only a request that states it can assume the role.',
  'secrets-trust-execution-role.json':
    'Set it as the trust policy of the execution role. It lets ECS assume the role for tasks of this account only.',
  'secrets-trust-dead-man-role.json':
    "Set it as the trust policy of the role of the dead man's switch. It lets EventBridge Scheduler assume the role for schedules of this account only.",
};

/** Values for the placeholders of the templates. */
export interface PolicyOptions {
  /** Twelve digits. */
  readonly account: string;
  /** Role name, after its path if it has one: `tasks`, `lab/tasks`. Not an ARN. */
  readonly executionRole: string;
  /** Name of the dead man's role; undefined without a dead man's switch. */
  readonly deadManRole?: string | undefined;
  /** The launcher: the Unix user of the daemon, who is in the owner tag of the secrets. */
  readonly owner: string;
  /** ORGANIZATION/NAME. Limits the execution role, the launcher and the dead man's role to this workspace's secrets. */
  readonly workspace?: string | undefined;
  /** Prefix of secret names. */
  readonly prefix?: string | undefined;
  /** Such as aws-cn or aws-us-gov. */
  readonly partition?: string | undefined;
  /** Only for the policies of a team server. */
  readonly region?: string | undefined;
  /** Name of the role that a team server assumes. */
  readonly serverRole?: string | undefined;
  /** ARN of the customer managed key that encrypts the secrets. */
  readonly kmsKey?: string | undefined;
}

/** An IAM policy. */
export interface Policy {
  readonly Version: string;
  readonly Statement: Record<string, unknown>[];
}

const ROLE_NAME = /^(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/;
const ROLE_RULE =
  'the name of a role, after its path if it has one: 1 to 64 letters, digits and the characters +=,.@-_';
/** The option that sets each value, and its rule, in words after "must be". */
const RULES: readonly (readonly [keyof PolicyOptions, string, RegExp, string])[] = [
  ['account', '--account', /^\d{12}$/, '12 digits'],
  ['executionRole', '--execution-role-name', ROLE_NAME, ROLE_RULE],
  ['deadManRole', '--dead-man-role-name', ROLE_NAME, ROLE_RULE],
  ['serverRole', '--server-role', ROLE_NAME, ROLE_RULE],
  ['owner', '--owner', /^.{1,256}$/su, 'the name of the Unix user who launches runs'],
  ['workspace', '--workspace', /^[a-z0-9-]+\/[a-z0-9-]+$/, 'ORG/NAME, such as lab/rna'],
  ['prefix', '--prefix', /^[\w+=.@-]+(\/[\w+=.@-]+)*$/, 'letters, digits and the characters /_+=.@-'],
  ['partition', '--partition', /^aws[a-z-]*$/, 'aws, aws-cn, aws-us-gov or another AWS partition'],
  ['kmsKey', '--kms-key', /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key'],
];

/** Returns the policies with all placeholders filled in. Throws `usage` for an invalid option value. */
export function renderPolicies(options: PolicyOptions): Policies {
  assertPolicyOptions(options);
  const render = (holder: PolicyHolder): Policy =>
    withSwitch(holder, withKey(holder, fillTemplate(holder, options), options), options);
  return {
    'execution-role': render('execution-role'),
    'instance-role': render('instance-role'),
    account: render('account'),
    ...(options.deadManRole === undefined ? {} : { 'dead-man-role': render('dead-man-role') }),
  };
}

/** Throws `usage` for an invalid option value. */
export function assertPolicyOptions(options: PolicyOptions): void {
  for (const [key, option, rule, words] of RULES) {
    const value = options[key];
    if (value !== undefined && !rule.test(value))
      throw new EscrowError('usage', `${option} must be ${words}, not ${shownValue(value)}.`);
  }
}

/** Returns all policies and trust policies by file name. Throws `usage` for an invalid option value. */
export function renderDocuments(options: PolicyOptions): Record<string, object> {
  const policies = Object.entries(renderPolicies(options)).map(([holder, policy]): [string, object] => [
    `secrets-policy-${holder}.json`,
    policy,
  ]);
  return {
    ...Object.fromEntries(policies),
    'secrets-trust-execution-role.json': renderExecutionTrust(options),
    ...(options.deadManRole === undefined
      ? {}
      : { 'secrets-trust-dead-man-role.json': renderDeadManTrust(options) }),
  };
}

/** Returns the trust policy of the execution role: ECS can assume it for tasks of this account. */
export function renderExecutionTrust({ account }: Pick<PolicyOptions, 'account'>): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceAccount': account } },
      },
    ],
  };
}

/**
 * Returns the trust policy of the dead man's role: EventBridge Scheduler can assume it for schedules of this account.
 */
export function renderDeadManTrust({ account, partition = 'aws' }: PolicyOptions): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:scheduler:*:${account}:schedule-group/default` },
        },
      },
    ],
  };
}

/**
 * Returns a CloudFormation template that creates a managed policy for each identity, and the dead man's role with its
 * trust policy. The other roles exist already. The template works in the partition of the stack.
 */
export function renderCloudFormation(options: PolicyOptions): object {
  const policies = renderPolicies({ ...options, partition: 'aws' });
  const resources: [string, object][] = Object.entries(policies).map(([holder, policy]) => {
    const name = `NfEscrow${holder.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}Policy`;
    const roles = holder === 'dead-man-role' ? { Roles: [{ Ref: 'NfEscrowDeadManRole' }] } : {};
    const properties = { PolicyDocument: inAnyPartition(policy), ...roles };
    return [name, { Type: 'AWS::IAM::ManagedPolicy', Properties: properties }];
  });
  const outputs: [string, object][] = resources.map(([name]) => [name, { Value: { Ref: name } }]);
  if (options.deadManRole !== undefined) {
    const parts = options.deadManRole.split('/');
    const role = {
      RoleName: parts.at(-1),
      ...(parts.length > 1 ? { Path: `/${parts.slice(0, -1).join('/')}/` } : {}),
      AssumeRolePolicyDocument: inAnyPartition(renderDeadManTrust({ ...options, partition: 'aws' })),
    };
    resources.push(['NfEscrowDeadManRole', { Type: 'AWS::IAM::Role', Properties: role }]);
    outputs.push(['NfEscrowDeadManRole', { Value: { 'Fn::GetAtt': ['NfEscrowDeadManRole', 'Arn'] } }]);
  }
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'IAM policies for nf-escrow, which delivers secrets to Nextflow runs on AWS Batch',
    Resources: Object.fromEntries(resources),
    Outputs: Object.fromEntries(outputs),
  };
}

/** Replaces the partition `aws` in ARNs with the partition of the stack. */
function inAnyPartition(policy: object): object {
  const text = JSON.stringify(policy).replaceAll('"arn:aws:', '"arn:${AWS::Partition}:');
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && value.includes('${AWS::Partition}') ? { 'Fn::Sub': value } : value,
  ) as object;
}

/** Returns the policy of a template, with its placeholders filled in. */
export function fillTemplate(holder: PolicyHolder | ServerPolicyHolder, options: PolicyOptions): Policy {
  const template = readFileSync(packageFile(`templates/aws-batch/secrets-policy-${holder}.json`), 'utf8');
  const prefix = options.prefix ?? 'nf-escrow';
  const workspace = options.workspace === undefined ? '' : `${options.workspace.replace('/', '.')}/`;
  const text = template
    .replaceAll('${Partition}', options.partition ?? 'aws')
    .replaceAll('YOUR-ACCOUNT', options.account)
    .replaceAll('YOUR-REGION', options.region ?? '*')
    .replaceAll('YOUR-EXECUTION-ROLE-NAME', options.executionRole)
    .replaceAll('YOUR-OWNER', asTag(options.owner))
    .replaceAll('secret:nf-escrow/*', `secret:${prefix}/${workspace}*`);
  return JSON.parse(text) as Policy;
}

/** Lets the launcher manage dead man's switches and pass them their role. */
function withSwitch(holder: PolicyHolder, policy: Policy, options: PolicyOptions): Policy {
  if (holder !== 'account') return policy;
  return { ...policy, Statement: [...policy.Statement, ...switchStatements(options)] };
}

/** Returns what the identity needs that manages dead man's switches; nothing without a switch. */
export function switchStatements({
  account,
  deadManRole,
  partition = 'aws',
  region = '*',
}: PolicyOptions): Record<string, unknown>[] {
  if (deadManRole === undefined) return [];
  const role = `arn:${partition}:iam::${account}:role/${deadManRole}`;
  return [
    {
      Sid: 'ManageDeadMansSwitches',
      Effect: 'Allow',
      Action: [
        'scheduler:CreateSchedule',
        'scheduler:DeleteSchedule',
        'scheduler:GetSchedule',
        'scheduler:UpdateSchedule',
      ],
      Resource: `arn:${partition}:scheduler:${region}:${account}:schedule/default/nf-escrow-*`,
    },
    { Sid: 'DescribeDeadMansRole', Effect: 'Allow', Action: 'iam:GetRole', Resource: role },
    {
      Sid: 'PassDeadMansRoleToScheduler',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: role,
      Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    },
  ];
}

function withKey(holder: PolicyHolder, policy: Policy, options: PolicyOptions): Policy {
  if (holder === 'instance-role' || holder === 'dead-man-role') return policy;
  const actions = holder === 'account' ? ['kms:Decrypt', 'kms:GenerateDataKey'] : 'kms:Decrypt';
  return { ...policy, Statement: [...policy.Statement, ...keyStatement(options, actions)] };
}

/** Returns the statement that allows the use of a customer managed key, only through Secrets Manager; nothing without a key. */
export function keyStatement(
  { kmsKey }: PolicyOptions,
  actions: string | readonly string[],
): Record<string, unknown>[] {
  if (kmsKey === undefined) return [];
  return [
    {
      Sid: 'UseKeyThroughSecretsManager',
      Effect: 'Allow',
      Action: actions,
      Resource: kmsKey,
      Condition: { StringEquals: { 'kms:ViaService': viaSecretsManager(kmsKey.split(':')[3] ?? '') } },
    },
  ];
}
