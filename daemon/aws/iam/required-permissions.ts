import { parseArn, partitionOf } from '../../contract/arn.ts';
import type { AwsSettings } from '../../contract/types.ts';
import { asTag } from '../tags.ts';

/** An action that must be allowed on a resource, with the condition keys of the request. */
export interface RequiredPermission {
  readonly action: string;
  readonly resource: string;
  /** Condition keys and the values that AWS would see. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/** The launcher whose permissions are checked. */
export interface Launcher {
  /** The user of the daemon. */
  readonly owner: string;
  /** ORGANIZATION/NAME */
  readonly workspace: string;
}

/** What the requests of a compute environment depend on, apart from its queue. */
export type AwsPlace = Omit<AwsSettings, 'queue' | 'workDir'>;

const RUN = 'r20260101abcdefgh';

/** Returns what nf-escrow, and Nextflow in its runs, need as the launcher. The policy `account` grants it. */
export function launcherPermissions(settings: AwsSettings, launcher: Launcher): RequiredPermission[] {
  const { executionRole, deadMan, deadManRole } = settings;
  const batch = (resource: string): string => arnOf(settings, 'batch', resource);
  const queue = batch(`job-queue/${settings.queue.split('/').at(-1) ?? ''}`);
  const ours = batch('job-definition/nf-escrow-debian-12:1');
  const shared = batch('job-definition/nf-debian-12:1');
  const [created, tagged] = [requestTags(launcher), resourceTags(launcher)];
  const byNextflow = { 'aws:TagKeys': ['nextflow.io/createdAt', 'nextflow.io/version'] };
  return [
    ...needsOnSecrets(settings, launcher),
    need('batch:DescribeComputeEnvironments', '*'),
    need('batch:DescribeJobDefinitions', '*'),
    need('batch:DescribeJobQueues', '*'),
    need('batch:DescribeJobs', '*'),
    need('iam:GetRole', executionRole),
    need('iam:PassRole', executionRole, { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' }),
    need('batch:RegisterJobDefinition', ours, created),
    need('batch:TagResource', ours, created),
    need('batch:RegisterJobDefinition', shared, byNextflow),
    need('batch:TagResource', shared, byNextflow),
    need('batch:DeregisterJobDefinition', ours, tagged),
    need('batch:SubmitJob', ours, tagged),
    need('batch:SubmitJob', queue),
    need('batch:TerminateJob', batch('job/00000000-0000-4000-8000-000000000000')),
    ...onKey(settings, 'kms:GenerateDataKey', 'kms:Decrypt'),
    ...(deadMan !== true || deadManRole === undefined ? [] : needsOfSwitch(settings, deadManRole)),
  ];
}

/** A secret that does not exist has no tags. Describing and deleting it must be allowed all the same. */
function needsOnSecrets(settings: AwsSettings, launcher: Launcher): RequiredPermission[] {
  const secret = secretOf(settings, launcher.workspace);
  const [created, tagged] = [requestTags(launcher), resourceTags(launcher)];
  const moved = { ...tagged, 'aws:TagKeys': ['nf-escrow:expires-at'] };
  return [
    need('secretsmanager:CreateSecret', secret, created),
    need('secretsmanager:TagResource', secret, created),
    need('secretsmanager:TagResource', secret, moved),
    need('secretsmanager:GetSecretValue', secret, tagged),
    need('secretsmanager:DescribeSecret', secret, tagged),
    need('secretsmanager:DescribeSecret', secret),
    need('secretsmanager:DeleteSecret', secret, tagged),
    need('secretsmanager:DeleteSecret', secret),
    need('secretsmanager:ListSecrets', '*'),
  ];
}

/**
 * Returns what a team server needs, with its own identity or with the role that it assumes, to deliver the secrets of a workspace. The
 * policy `server` grants it.
 */
export function serverPermissions(settings: AwsPlace, workspace: string): RequiredPermission[] {
  const { executionRole, deadMan, deadManRole } = settings;
  const secret = secretOf(settings, workspace);
  const created = requestTags({ owner: 'server', workspace });
  return [
    need('secretsmanager:CreateSecret', secret, created),
    need('secretsmanager:TagResource', secret, created),
    need('secretsmanager:TagResource', secret, { 'aws:TagKeys': ['nf-escrow:expires-at'] }),
    need('secretsmanager:DescribeSecret', secret),
    need('secretsmanager:DeleteSecret', secret),
    need('secretsmanager:ListSecrets', '*'),
    need('iam:GetRole', executionRole),
    need('batch:DescribeComputeEnvironments', '*'),
    need('batch:DescribeJobDefinitions', '*'),
    need('batch:DescribeJobQueues', '*'),
    need('batch:DescribeJobs', '*'),
    need('batch:ListJobs', '*'),
    need('batch:DeregisterJobDefinition', arnOf(settings, 'batch', 'job-definition/nf-escrow-debian-12:1')),
    ...onKey(settings, 'kms:GenerateDataKey', 'kms:Decrypt'),
    ...(deadMan !== true || deadManRole === undefined ? [] : needsOfSwitch(settings, deadManRole)),
  ];
}

/** Returns what a team server should not be allowed: reading secrets of runs, and deleting secrets that are not of nf-escrow. */
export function excessOfServer(settings: AwsPlace, workspace: string): RequiredPermission[] {
  return [
    need('secretsmanager:GetSecretValue', secretOf(settings, workspace)),
    need('secretsmanager:DeleteSecret', arnOf(settings, 'secretsmanager', 'secret:another-program-AbCdEf')),
  ];
}

function needsOfSwitch(settings: AwsPlace, role: string): RequiredPermission[] {
  const schedule = arnOf(settings, 'scheduler', `schedule/default/nf-escrow-${RUN}-1`);
  return [
    ...['Create', 'Delete', 'Get', 'Update'].map((verb) => need(`scheduler:${verb}Schedule`, schedule)),
    need('iam:GetRole', role),
    need('iam:PassRole', role, { 'iam:PassedToService': 'scheduler.amazonaws.com' }),
  ];
}

/** Returns what ECS needs as the execution role. The policy `execution-role` grants it. */
export function executionRolePermissions(settings: AwsPlace, launcher: Launcher): RequiredPermission[] {
  const secret = secretOf(settings, launcher.workspace);
  const read = need('secretsmanager:GetSecretValue', secret, resourceTags(launcher));
  return [read, ...onKey(settings, 'kms:Decrypt')];
}

/** Returns what EventBridge Scheduler needs as the dead man's role. The policy `dead-man-role` grants it. */
export function deadManRolePermissions(settings: AwsPlace, launcher: Launcher): RequiredPermission[] {
  const secret = secretOf(settings, launcher.workspace);
  return [need('secretsmanager:DeleteSecret', secret, resourceTags(launcher))];
}

/** Returns what a launcher should not be allowed: reading and deleting other owners' secrets. */
export function excessOfLauncher(settings: AwsSettings, launcher: Launcher): RequiredPermission[] {
  const secret = secretOf(settings, launcher.workspace);
  const others = resourceTags({ ...launcher, owner: `${launcher.owner}-and-another` });
  return ['GetSecretValue', 'DeleteSecret'].map((verb) => need(`secretsmanager:${verb}`, secret, others));
}

/** Returns what an execution role should not be allowed: reading the secrets of another workspace. */
export function excessOfExecutionRole(settings: AwsPlace, launcher: Launcher): RequiredPermission[] {
  const secret = secretOf(settings, 'nf-escrow/another');
  return [need('secretsmanager:GetSecretValue', secret, resourceTags(launcher))];
}

function need(
  action: string,
  resource: string,
  context: RequiredPermission['context'] = {},
): RequiredPermission {
  return { action, resource, context };
}

function arnOf({ region, executionRole }: AwsPlace, service: string, resource: string): string {
  const account = parseArn(executionRole)?.account ?? '';
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
}

function secretOf(settings: AwsPlace, workspace: string): string {
  const name = `${settings.prefix ?? 'nf-escrow'}/${workspace.replace('/', '.')}/${RUN}`;
  return arnOf(settings, 'secretsmanager', `secret:${name}-AbCdEf`);
}

/** Tags in a request that creates an object. */
function requestTags({ owner }: Launcher): RequiredPermission['context'] {
  return {
    'aws:RequestTag/nf-escrow:owner': asTag(owner),
    'aws:RequestTag/nf-escrow:run': RUN,
    'aws:TagKeys': ['nf-escrow:owner', 'nf-escrow:run'],
  };
}

/** Tags of an existing object. */
function resourceTags({ owner }: Launcher): RequiredPermission['context'] {
  return { 'aws:ResourceTag/nf-escrow:owner': asTag(owner), 'aws:ResourceTag/nf-escrow:run': RUN };
}

/**
 * Returns what a customer managed key needs, through Secrets Manager. IAM policies do not accept an alias as the
 * resource of these actions, so with an alias nothing is checked.
 */
function onKey(settings: AwsPlace, ...actions: string[]): RequiredPermission[] {
  const resource = keyArnOf(settings);
  const context = { 'kms:ViaService': viaSecretsManager(settings.region) };
  return resource === undefined ? [] : actions.map((action) => need(action, resource, context));
}

function keyArnOf({ kmsKey, region, executionRole }: AwsPlace): string | undefined {
  if (kmsKey === undefined || /(?:^|:)alias\//.test(kmsKey)) return undefined;
  if (kmsKey.startsWith('arn:')) return kmsKey;
  return `arn:${partitionOf(region)}:kms:${region}:${parseArn(executionRole)?.account ?? ''}:key/${kmsKey}`;
}

/** Returns the value of the condition key `kms:ViaService` for Secrets Manager in a region. */
export function viaSecretsManager(region: string): string {
  return `secretsmanager.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
}
