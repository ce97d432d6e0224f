import { parseArn, partitionOf } from '../../contract/arn.ts';
import type { AwsSettings } from '../../contract/types.ts';

/** An action, and a resource of ours that it has to be permitted on. */
export interface RequiredPermission {
  readonly action: string;
  readonly resource: string;
  /** Of iam:PassRole: to which service; absent: to ECS. */
  readonly passedTo?: string;
}

/** Everything that nf-escrow, and Nextflow for its runs, ask of AWS as whoever launches: the policy `account` grants it. */
export function launcherPermissions(settings: AwsSettings): RequiredPermission[] {
  const { region, executionRole, prefix = 'nf-escrow', deadMan, deadManRole } = settings;
  const account = parseArn(executionRole)?.account ?? '';
  const arn = (service: string, resource: string): string =>
    `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
  const secret = arn('secretsmanager', `secret:${prefix}/lab.rna/r20260101abcdefgh-AbCdEf`);
  const on = (resource: string, ...actions: string[]): RequiredPermission[] =>
    actions.map((action) => ({ action, resource }));
  return [
    ...on(
      secret,
      ...['CreateSecret', 'DeleteSecret', 'DescribeSecret', 'GetSecretValue', 'TagResource'].map(
        (action) => `secretsmanager:${action}`,
      ),
    ),
    ...on(
      '*',
      'secretsmanager:ListSecrets',
      'batch:DescribeComputeEnvironments',
      'batch:DescribeJobDefinitions',
      'batch:DescribeJobQueues',
      'batch:DescribeJobs',
    ),
    ...on(executionRole, 'iam:GetRole', 'iam:PassRole'),
    ...on(
      arn('batch', 'job-definition/nf-debian-12:1'),
      'batch:RegisterJobDefinition',
      'batch:DeregisterJobDefinition',
      'batch:TagResource',
      'batch:SubmitJob',
    ),
    ...on(arn('batch', `job-queue/${settings.queue.split('/').at(-1) ?? ''}`), 'batch:SubmitJob'),
    ...on(arn('batch', 'job/00000000-0000-4000-8000-000000000000'), 'batch:TerminateJob'),
    ...onKey(settings, 'kms:GenerateDataKey', 'kms:Decrypt'),
    ...(deadMan !== true || deadManRole === undefined
      ? []
      : [
          ...on(
            arn('scheduler', 'schedule/default/nf-escrow-r20260101abcdefgh-1'),
            'scheduler:CreateSchedule',
            'scheduler:DeleteSchedule',
            'scheduler:GetSchedule',
            'scheduler:UpdateSchedule',
          ),
          ...on(deadManRole, 'iam:GetRole'),
          { action: 'iam:PassRole', resource: deadManRole, passedTo: 'scheduler.amazonaws.com' },
        ]),
  ];
}

/** What ECS asks as the execution role: the policy `execution-role` grants it. */
export function executionRolePermissions(settings: AwsSettings): RequiredPermission[] {
  const read = launcherPermissions(settings).filter(
    ({ action }) => action === 'secretsmanager:GetSecretValue',
  );
  return [...read, ...onKey(settings, 'kms:Decrypt')];
}

/** What EventBridge Scheduler asks with the dead man's role: the policy `dead-man-role` grants it. */
export function deadManRolePermissions(settings: AwsSettings): RequiredPermission[] {
  return launcherPermissions(settings).filter(({ action }) => action === 'secretsmanager:DeleteSecret');
}

/** Of a key of the customer's own, through Secrets Manager. By an alias IAM permits nothing: then nothing can be asked. */
function onKey(settings: AwsSettings, ...actions: string[]): RequiredPermission[] {
  const resource = keyArnOf(settings);
  return resource === undefined ? [] : actions.map((action) => ({ action, resource }));
}

function keyArnOf({ kmsKey, region, executionRole }: AwsSettings): string | undefined {
  if (kmsKey === undefined || /(?:^|:)alias\//.test(kmsKey)) return undefined;
  if (kmsKey.startsWith('arn:')) return kmsKey;
  return `arn:${partitionOf(region)}:kms:${region}:${parseArn(executionRole)?.account ?? ''}:key/${kmsKey}`;
}

/** As whom a key is used, in a condition. */
export function viaSecretsManager(region: string): string {
  return `secretsmanager.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
}
