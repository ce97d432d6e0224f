import { parseArn, partitionOf } from '../../contract/arn.ts';
import { shownValue } from '../../contract/shown-value.ts';
import { EscrowError } from '../../errors.ts';
import {
  assertPolicyOptions,
  fillTemplate,
  keyStatement,
  renderDeadManTrust,
  renderExecutionTrust,
  switchStatements,
  type Policy,
  type PolicyOptions,
} from './iam-policies.ts';

/** What determines the policies of a compute environment that belongs to a team server. */
export interface ServerPolicyOptions {
  /** ORGANIZATION/NAME: the workspace whose secrets the server delivers. */
  readonly workspace: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** Name or ARN of the execution role. */
  readonly executionRole: string;
  /** Name or ARN of the role that the server assumes; undefined: the server uses its own identity. */
  readonly serverRole?: string | undefined;
  /** ARN of the identity that assumes this role; undefined: each identity of the account whose policies permit it. */
  readonly serverIdentity?: string | undefined;
  /** External id that the server states when it assumes the role. */
  readonly externalId?: string | undefined;
  /** Name or ARN of the dead man's role; undefined without a dead man's switch. */
  readonly deadManRole?: string | undefined;
  readonly prefix?: string | undefined;
  /** ARN of the customer managed key that encrypts the secrets. */
  readonly kmsKey?: string | undefined;
}

const RULES: readonly (readonly [keyof ServerPolicyOptions, string, RegExp, string])[] = [
  ['region', '--region', /^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$/, 'an AWS region, such as eu-west-1'],
  [
    'serverIdentity',
    '--server-identity',
    /^arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]{1,576}$/,
    'the ARN of an IAM role or user',
  ],
  [
    'externalId',
    '--external-id',
    /^[\w+=,.@:/-]{2,1224}$/,
    '2 to 1224 letters, digits and the characters _+=,.@:/-',
  ],
];

/**
 * Returns the policies and trust policies by file name: for the server, for the execution role of the workspace, and for the people who
 * launch runs, who get no permission in Secrets Manager. Throws `usage` for an invalid option value.
 */
export function renderServerDocuments(options: ServerPolicyOptions): Record<string, object> {
  const filled = assertOptions(options);
  const { account, partition, deadManRole } = filled;
  const server = fillTemplate('server', filled);
  const serverRole = options.serverRole === undefined ? undefined : roleNameOf(options.serverRole, options);
  const extra = [
    ...switchStatements(filled),
    ...keyStatement(filled, ['kms:Decrypt', 'kms:GenerateDataKey']),
  ];
  const execution = fillTemplate('execution-role', filled);
  return {
    'secrets-policy-server.json': withStatements(server, extra),
    'secrets-policy-execution-role.json': withStatements(execution, keyStatement(filled, 'kms:Decrypt')),
    'secrets-policy-launcher.json': fillTemplate('launcher', filled),
    'secrets-trust-execution-role.json': renderExecutionTrust({ account }),
    ...(serverRole === undefined
      ? {}
      : {
          'secrets-trust-server.json': renderServerTrust(options, partition),
          'secrets-policy-server-identity.json': renderAssume(
            `arn:${partition}:iam::${account}:role/${serverRole}`,
          ),
        }),
    ...(deadManRole === undefined
      ? {}
      : {
          'secrets-policy-dead-man-role.json': fillTemplate('dead-man-role', filled),
          'secrets-trust-dead-man-role.json': renderDeadManTrust(filled),
        }),
  };
}

type Filled = PolicyOptions & { readonly partition: string };

function assertOptions(options: ServerPolicyOptions): Filled {
  for (const [key, option, rule, words] of RULES) {
    const value = options[key];
    if (value !== undefined && !rule.test(value))
      throw new EscrowError('usage', `${option} must be ${words}, not ${shownValue(value)}.`);
  }
  const { externalId, serverIdentity, serverRole, deadManRole, region } = options;
  if (serverRole === undefined && (externalId ?? serverIdentity) !== undefined)
    throw new EscrowError(
      'usage',
      'The options --external-id and --server-identity need --server-role: they are for a role that the server assumes.',
    );
  const filled: Filled = {
    ...{ account: options.account, workspace: options.workspace, region, owner: 'server' },
    ...{ prefix: options.prefix, kmsKey: options.kmsKey, partition: partitionOf(region) },
    executionRole: roleNameOf(options.executionRole, options),
    deadManRole: deadManRole === undefined ? undefined : roleNameOf(deadManRole, options),
  };
  assertPolicyOptions(filled);
  if (serverRole !== undefined)
    assertPolicyOptions({ ...filled, serverRole: roleNameOf(serverRole, options) });
  return filled;
}

/** Returns the path and the name of a role, which must be in the account. Throws `usage`. */
function roleNameOf(role: string, { account }: ServerPolicyOptions): string {
  const arn = parseArn(role);
  if (arn === undefined) return role; // a name
  const name = /^role\/(.+)$/.exec(arn.resource)?.[1];
  if (arn.service === 'iam' && arn.account === account && name !== undefined) return name;
  throw new EscrowError('usage', `${shownValue(role)} is not the ARN of a role in account ${account}.`, {
    hint: 'Name a role of the account of the job queue: ECS and Batch accept no other.',
  });
}

/** Returns the ARN of a role of the account. Throws `usage`. */
export function arnOfRole(role: string, options: ServerPolicyOptions): string {
  const { account, region } = options;
  return `arn:${partitionOf(region)}:iam::${account}:role/${roleNameOf(role, options)}`;
}

/** The server assumes the role. The external id protects a role that the operator of another server also knows. */
function renderServerTrust(
  { account, serverIdentity, externalId }: ServerPolicyOptions,
  partition: string,
): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: serverIdentity ?? `arn:${partition}:iam::${account}:root` },
        Action: 'sts:AssumeRole',
        ...(externalId === undefined
          ? {}
          : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
      },
    ],
  };
}

function renderAssume(role: string): object {
  return {
    Version: '2012-10-17',
    Statement: [{ Sid: 'AssumeServerRole', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role }],
  };
}

function withStatements(policy: Policy, statements: readonly Record<string, unknown>[]): Policy {
  return { ...policy, Statement: [...policy.Statement, ...statements] };
}
