import type { AwsSettings } from '../../contract/types.ts';
import { classifyFailure } from '../session/aws-error.ts';
import type { AwsSession } from '../session/session.ts';
import { sdk } from '../session/sdk.ts';

/**
 * Asks whether an action is permitted by doing it to something that is not there: AWS looks at permissions first.
 * `unknown` where that would change something.
 */
export async function probePermission(
  session: AwsSession,
  { prefix = 'nf-escrow', queue, executionRole }: AwsSettings,
  action: string,
): Promise<'allowed' | 'denied' | 'unknown'> {
  const SecretId = `${prefix}/nf-escrow.probe/none`;
  const role = executionRole.split('/').at(-1) ?? '';
  const [secrets, batch, iam] = await Promise.all([session.secretsManager(), session.batch(), session.iam()]);
  const sm = sdk('@aws-sdk/client-secrets-manager');
  const b = sdk('@aws-sdk/client-batch');
  const i = sdk('@aws-sdk/client-iam');
  const probes: Readonly<Record<string, () => Promise<unknown>>> = {
    'secretsmanager:DescribeSecret': () => secrets.send(new sm.DescribeSecretCommand({ SecretId })),
    'secretsmanager:GetSecretValue': () => secrets.send(new sm.GetSecretValueCommand({ SecretId })),
    'secretsmanager:TagResource': () =>
      secrets.send(new sm.TagResourceCommand({ SecretId, Tags: [{ Key: 'nf-escrow:probe', Value: '1' }] })),
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

/** Its client is loaded only where there are dead man's switches. */
async function probeEventScheduler(session: AwsSession, what: 'Get' | 'Delete'): Promise<unknown> {
  const { GetScheduleCommand, DeleteScheduleCommand } = sdk('@aws-sdk/client-scheduler');
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
