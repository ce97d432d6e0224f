import type { AwsSettings } from '../../contract/types.ts';
import { classifyFailure } from '../session/aws-error.ts';
import type { AwsSession } from '../session/session.ts';
import { sdk } from '../session/sdk.ts';
import { asTag } from '../tags.ts';
import type { Launcher } from './required-permissions.ts';

/**
 * Checks whether an action is allowed by requesting it for an object that does not exist: AWS checks permissions
 * first. Returns `unknown` if the request could change something, and for GetSecretValue. A policy that allows only
 * secrets with the launcher's owner tag rejects a secret that does not exist, because it has no tag.
 */
export async function probePermission(
  session: AwsSession,
  { prefix = 'nf-escrow', queue, executionRole }: Pick<AwsSettings, 'prefix' | 'queue' | 'executionRole'>,
  { owner, workspace }: Launcher,
  action: string,
): Promise<'allowed' | 'denied' | 'unknown'> {
  const SecretId = `${prefix}/${workspace.replace('/', '.')}/none`;
  const role = executionRole.split('/').at(-1) ?? '';
  const [secrets, batch, iam] = await Promise.all([session.secretsManager(), session.batch(), session.iam()]);
  const sm = await sdk('@aws-sdk/client-secrets-manager');
  const b = await sdk('@aws-sdk/client-batch');
  const i = await sdk('@aws-sdk/client-iam');
  const probes: Readonly<Record<string, () => Promise<unknown>>> = {
    'secretsmanager:DescribeSecret': () => secrets.send(new sm.DescribeSecretCommand({ SecretId })),
    'secretsmanager:TagResource': () =>
      secrets.send(
        new sm.TagResourceCommand({ SecretId, Tags: [{ Key: 'nf-escrow:owner', Value: asTag(owner) }] }),
      ),
    'secretsmanager:DeleteSecret': () =>
      secrets.send(new sm.DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
    'secretsmanager:ListSecrets': () => secrets.send(new sm.ListSecretsCommand({ MaxResults: 1 })),
    'batch:DescribeJobQueues': () => batch.send(new b.DescribeJobQueuesCommand({ jobQueues: [queue] })),
    'batch:DescribeComputeEnvironments': () =>
      batch.send(new b.DescribeComputeEnvironmentsCommand({ maxResults: 1 })),
    'batch:DescribeJobDefinitions': () => batch.send(new b.DescribeJobDefinitionsCommand({ maxResults: 1 })),
    'batch:DescribeJobs': () =>
      batch.send(new b.DescribeJobsCommand({ jobs: ['00000000-0000-4000-8000-000000000000'] })),
    'scheduler:GetSchedule': () => probeEventScheduler(session, 'Get'),
    'scheduler:DeleteSchedule': () => probeEventScheduler(session, 'Delete'),
    'iam:GetRole': () => iam.send(new i.GetRoleCommand({ RoleName: role })),
  };
  try {
    const ask = probes[action];
    if (ask === undefined) return 'unknown';
    await ask();
    return 'allowed';
  } catch (error) {
    const failure = classifyFailure(error);
    if (failure === 'denied') return 'denied';
    return failure === 'not-found' ? 'allowed' : 'unknown';
  } finally {
    for (const client of [secrets, batch, iam]) client.destroy();
  }
}

/** Loads the client of EventBridge Scheduler only where dead man's switches are used. */
async function probeEventScheduler(session: AwsSession, what: 'Get' | 'Delete'): Promise<unknown> {
  const { GetScheduleCommand, DeleteScheduleCommand } = await sdk('@aws-sdk/client-scheduler');
  const scheduler = await session.eventScheduler();
  const none = { Name: 'nf-escrow-none' };
  try {
    return what === 'Get'
      ? await scheduler.send(new GetScheduleCommand(none))
      : await scheduler.send(new DeleteScheduleCommand(none));
  } finally {
    scheduler.destroy();
  }
}
