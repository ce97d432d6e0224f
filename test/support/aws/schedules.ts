import type { GetScheduleCommandOutput, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { StrictAws } from './strict-aws.ts';
import { REGION } from './test-aws.ts';

async function withScheduler<T>(aws: StrictAws, work: (client: SchedulerClient) => Promise<T>): Promise<T> {
  const { SchedulerClient: Client } = await import('@aws-sdk/client-scheduler');
  const client = new Client({ region: REGION, endpoint: aws.bare });
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}

/** Returns the existing schedules, directly from moto. */
export async function schedules(aws: StrictAws): Promise<GetScheduleCommandOutput[]> {
  return withScheduler(aws, async (client) => {
    const { GetScheduleCommand, ListSchedulesCommand } = await import('@aws-sdk/client-scheduler');
    const { Schedules = [] } = await client.send(new ListSchedulesCommand());
    return Promise.all(Schedules.map(async ({ Name }) => client.send(new GetScheduleCommand({ Name }))));
  });
}

/** Fires a schedule like EventBridge Scheduler: calls the target's API with its input, then deletes the schedule. */
export async function fireSchedule(
  aws: StrictAws,
  { Name, Target }: GetScheduleCommandOutput,
): Promise<void> {
  if (!/^arn:aws[a-z-]*:scheduler:::aws-sdk:secretsmanager:deleteSecret$/.test(Target?.Arn ?? ''))
    throw new Error(`unexpected target: ${String(Target?.Arn)}`);
  const { SecretsManagerClient, DeleteSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  const secrets = new SecretsManagerClient({ region: REGION, endpoint: aws.bare });
  await secrets.send(new DeleteSecretCommand(JSON.parse(Target?.Input ?? '') as { SecretId: string }));
  secrets.destroy();
  await withScheduler(aws, async (client) => {
    const { DeleteScheduleCommand } = await import('@aws-sdk/client-scheduler');
    await client.send(new DeleteScheduleCommand({ Name }));
  });
}
