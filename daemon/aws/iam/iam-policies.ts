import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EscrowError } from '../../errors.ts';
import { viaSecretsManager } from './required-permissions.ts';

/** Who is given which policy: templates/aws-batch/secrets-policy-<who>.json. */
export const policyHolders = ['execution-role', 'instance-role', 'account', 'dead-man-role'] as const;
export type PolicyHolder = (typeof policyHolders)[number];
/** With a dead man's switch only. */
type Policies = Readonly<Record<Exclude<PolicyHolder, 'dead-man-role'>, Policy>> &
  Readonly<Partial<Record<'dead-man-role', Policy>>>;

/** What the templates leave open. */
export interface PolicyOptions {
  /** Twelve digits. */
  readonly account: string;
  /** Its name, not its ARN. */
  readonly executionRole: string;
  /** Name of the role of the dead man's switch, where there is to be one. */
  readonly deadManRole?: string | undefined;
  /** ORGANIZATION/NAME: the execution role reads this workspace's secrets only. */
  readonly workspace?: string | undefined;
  /** Of the names of secrets. */
  readonly prefix?: string | undefined;
  /** Such as aws-cn or aws-us-gov. */
  readonly partition?: string | undefined;
  /** ARN of the key that encrypts the secrets, where it is one of yours. */
  readonly kmsKey?: string | undefined;
}

interface Policy {
  readonly Version: string;
  readonly Statement: Record<string, unknown>[];
}

const RULES: readonly (readonly [keyof PolicyOptions, RegExp, string])[] = [
  ['account', /^\d{12}$/, 'An account has twelve digits'],
  ['executionRole', /^[\w+=,.@-]{1,64}$/, "A role's name has letters, digits and +=,.@-_"],
  ['deadManRole', /^[\w+=,.@-]{1,64}$/, "A role's name has letters, digits and +=,.@-_"],
  ['workspace', /^[a-z0-9-]+\/[a-z0-9-]+$/, 'A workspace is ORGANIZATION/NAME'],
  ['prefix', /^[\w+=.@-]+(\/[\w+=.@-]+)*$/, 'A prefix has letters, digits and /_+=.@-'],
  ['partition', /^aws[a-z-]*$/, 'A partition is aws, aws-cn, aws-us-gov or the like'],
  ['kmsKey', /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, 'A KMS key is named by its ARN here'],
];

/** The policies, filled in. Throws `usage` for what cannot be put into one. */
export function renderPolicies(wishes: PolicyOptions): Policies {
  for (const [key, rule, told] of RULES) {
    const value = wishes[key];
    if (value !== undefined && !rule.test(value))
      throw new EscrowError('usage', `${told}; "${value}" is none.`);
  }
  const render = (holder: PolicyHolder): Policy =>
    withSwitch(holder, withKey(holder, fill(readTemplate(holder), holder, wishes), wishes), wishes);
  return {
    'execution-role': render('execution-role'),
    'instance-role': render('instance-role'),
    account: render('account'),
    ...(wishes.deadManRole === undefined ? {} : { 'dead-man-role': render('dead-man-role') }),
  };
}

/** Who may take the dead man's role: EventBridge Scheduler, for this account's schedules. */
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
 * The same as a CloudFormation template that makes a managed policy of each, and the dead man's role with its trust: the
 * others' roles are there already. The partition is the stack's own.
 */
export function renderCloudFormation(wishes: PolicyOptions): object {
  const policies = renderPolicies({ ...wishes, partition: 'aws' });
  const resources: [string, object][] = Object.entries(policies).map(([holder, policy]) => {
    const name = `NfEscrow${holder.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}Policy`;
    const roles = holder === 'dead-man-role' ? { Roles: [{ Ref: 'NfEscrowDeadManRole' }] } : {};
    const properties = { PolicyDocument: inAnyPartition(policy), ...roles };
    return [name, { Type: 'AWS::IAM::ManagedPolicy', Properties: properties }];
  });
  const outputs: [string, object][] = resources.map(([name]) => [name, { Value: { Ref: name } }]);
  if (wishes.deadManRole !== undefined) {
    const role = {
      RoleName: wishes.deadManRole,
      AssumeRolePolicyDocument: inAnyPartition(renderDeadManTrust({ ...wishes, partition: 'aws' })),
    };
    resources.push(['NfEscrowDeadManRole', { Type: 'AWS::IAM::Role', Properties: role }]);
    outputs.push(['NfEscrowDeadManRole', { Value: { 'Fn::GetAtt': ['NfEscrowDeadManRole', 'Arn'] } }]);
  }
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'What nf-escrow needs to give Nextflow runs on AWS Batch their secrets',
    Resources: Object.fromEntries(resources),
    Outputs: Object.fromEntries(outputs),
  };
}

/** ARNs of `aws` become those of the partition in which the stack is made. */
function inAnyPartition(policy: object): object {
  const text = JSON.stringify(policy).replaceAll('"arn:aws:', '"arn:${AWS::Partition}:');
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && value.includes('${AWS::Partition}') ? { 'Fn::Sub': value } : value,
  ) as object;
}

function readTemplate(holder: PolicyHolder): string {
  const path = fileURLToPath(import.meta.resolve(`#templates/aws-batch/secrets-policy-${holder}.json`));
  return readFileSync(path, 'utf8');
}

function fill(template: string, holder: PolicyHolder, wishes: PolicyOptions): Policy {
  const prefix = wishes.prefix ?? 'nf-escrow';
  const workspace =
    holder === 'execution-role' && wishes.workspace !== undefined
      ? `${wishes.workspace.replace('/', '.')}/`
      : '';
  const text = template
    .replaceAll('${Partition}', wishes.partition ?? 'aws')
    .replaceAll('YOUR-ACCOUNT', wishes.account)
    .replaceAll('YOUR-EXECUTION-ROLE-NAME', wishes.executionRole)
    .replaceAll('secret:nf-escrow/*', `secret:${prefix}/${workspace}*`);
  return JSON.parse(text) as Policy;
}

/** Who launches makes the switches, and hands them their role. */
function withSwitch(holder: PolicyHolder, policy: Policy, wishes: PolicyOptions): Policy {
  const { account, deadManRole, partition = 'aws' } = wishes;
  if (deadManRole === undefined || holder !== 'account') return policy;
  const role = `arn:${partition}:iam::${account}:role/${deadManRole}`;
  const statements = [
    {
      Sid: 'MoveDeadMansSwitches',
      Effect: 'Allow',
      Action: [
        'scheduler:CreateSchedule',
        'scheduler:DeleteSchedule',
        'scheduler:GetSchedule',
        'scheduler:UpdateSchedule',
      ],
      Resource: `arn:${partition}:scheduler:*:${account}:schedule/default/nf-escrow-*`,
    },
    { Sid: 'LookAtDeadMansRole', Effect: 'Allow', Action: 'iam:GetRole', Resource: role },
    {
      Sid: 'HandDeadMansRoleToScheduler',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: role,
      Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    },
  ];
  return { ...policy, Statement: [...policy.Statement, ...statements] };
}

/** A key of the customer's own wants to be used too: through Secrets Manager, and by nobody else. */
function withKey(holder: PolicyHolder, policy: Policy, { kmsKey }: PolicyOptions): Policy {
  if (kmsKey === undefined || holder === 'instance-role' || holder === 'dead-man-role') return policy;
  const statement = {
    Sid: 'UseTheKeyThroughSecretsManager',
    Effect: 'Allow',
    Action: holder === 'account' ? ['kms:Decrypt', 'kms:GenerateDataKey'] : 'kms:Decrypt',
    Resource: kmsKey,
    Condition: { StringEquals: { 'kms:ViaService': viaSecretsManager(kmsKey.split(':')[3] ?? '') } },
  };
  return { ...policy, Statement: [...policy.Statement, statement] };
}
