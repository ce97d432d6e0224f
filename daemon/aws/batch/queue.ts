import type { AwsSettings } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { asAwsError } from '../session/aws-error.ts';
import type { AwsSession } from '../session/session.ts';
import { sdk } from '../session/sdk.ts';

/** So long a queue that takes secrets is taken to do so, in milliseconds. */
const KNOWN_MS = 30_000;

/** The same as assertTakesSecrets; a hundred runs that start at once ask once. One that was refused is asked about again. */
export function cacheQueueChecks(clock: () => number): typeof assertTakesSecrets {
  const queues = new Map<string, { readonly at: number; readonly answer: Promise<void> }>();
  return async (session, settings) => {
    const key = JSON.stringify([session.access, settings.queue]);
    const now = clock();
    const known = queues.get(key);
    if (known !== undefined && known.at <= now && now < known.at + KNOWN_MS) return known.answer;
    const answer = assertTakesSecrets(session, settings);
    queues.set(key, { at: now, answer });
    answer.catch(() => queues.delete(key));
    return answer;
  };
}

/**
 * Asks AWS whether jobs of the queue can be given secrets. Throws `compute-environment-invalid` where there is no such
 * queue, where it takes no jobs, and for Batch on EKS: its job definitions have no `secrets`.
 */
export async function assertTakesSecrets(session: AwsSession, { queue }: AwsSettings): Promise<void> {
  const { DescribeJobQueuesCommand, DescribeComputeEnvironmentsCommand } = sdk('@aws-sdk/client-batch');
  const batch = await session.batch();
  try {
    const { jobQueues } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: [queue] }));
    const found = jobQueues?.[0];
    if (found === undefined)
      throw unfit(
        `AWS Batch has no job queue "${queue}" in ${session.access.region}, account ${session.access.account}.`,
      );
    if (found.state === 'DISABLED') throw unfit(`The job queue "${queue}" is disabled.`);
    const names = (found.computeEnvironmentOrder ?? []).flatMap(
      ({ computeEnvironment }) => computeEnvironment ?? [],
    );
    if (names.length === 0) return;
    const { computeEnvironments } = await batch.send(
      new DescribeComputeEnvironmentsCommand({ computeEnvironments: names }),
    );
    const eks = computeEnvironments?.find(
      ({ eksConfiguration, containerOrchestrationType }) =>
        eksConfiguration !== undefined || containerOrchestrationType === 'EKS',
    );
    if (eks !== undefined)
      throw new EscrowError(
        'compute-environment-invalid',
        `"${queue}" runs its jobs on EKS (${String(eks.computeEnvironmentName)}), whose job definitions cannot take secrets of Secrets Manager.`,
        {
          hint: 'Use a queue on EC2 or Fargate for runs with secrets; runs without any may go there plainly.',
        },
      );
  } catch (error) {
    throw asAwsError(`The job queue "${queue}" cannot be looked at`, session.access, error);
  } finally {
    batch.destroy();
  }
}

function unfit(detail: string): EscrowError {
  return new EscrowError('compute-environment-invalid', detail);
}
