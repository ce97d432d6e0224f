import type { AwsSettings } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { asAwsError } from '../session/aws-error.ts';
import type { AwsSession } from '../session/session.ts';
import { sdk } from '../session/sdk.ts';

/** How long a successful check is cached, in milliseconds. */
const CACHE_MS = 30_000;

/**
 * Returns assertTakesSecrets with a cache, so that a hundred simultaneous runs send one request. Failures are not
 * cached.
 */
export function cacheQueueChecks(clock: () => number): typeof assertTakesSecrets {
  const queues = new Map<string, { readonly at: number; readonly answer: Promise<void> }>();
  return async (session, settings) => {
    const key = JSON.stringify([session.access, settings.queue]);
    const now = clock();
    const known = queues.get(key);
    if (known !== undefined && known.at <= now && now < known.at + CACHE_MS) return known.answer;
    const answer = assertTakesSecrets(session, settings);
    queues.set(key, { at: now, answer });
    answer.catch(() => queues.delete(key));
    return answer;
  };
}

/**
 * Checks with AWS that jobs of the queue can receive secrets. Throws `compute-environment-invalid` if the queue does
 * not exist, is disabled, or runs on EKS, where job definitions have no `secrets`.
 */
export async function assertTakesSecrets(session: AwsSession, { queue }: AwsSettings): Promise<void> {
  const { DescribeJobQueuesCommand, DescribeComputeEnvironmentsCommand } = await sdk('@aws-sdk/client-batch');
  const batch = await session.batch();
  try {
    const { jobQueues } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: [queue] }));
    const found = jobQueues?.[0];
    if (found === undefined)
      throw unfit(
        `Cannot find job queue "${queue}" in ${session.access.region}, account ${session.access.account}.`,
      );
    if (found.state === 'DISABLED') throw unfit(`Cannot use job queue "${queue}": it is disabled.`);
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
        `Cannot use job queue "${queue}": it runs jobs on EKS (${String(eks.computeEnvironmentName)}), where job definitions cannot reference secrets of Secrets Manager.`,
        {
          hint: 'Use a queue on EC2 or Fargate for runs with secrets. Runs without secrets can use this queue with plain nextflow.',
        },
      );
  } catch (error) {
    throw asAwsError(`Cannot describe job queue "${queue}"`, session.access, error);
  } finally {
    batch.destroy();
  }
}

function unfit(detail: string): EscrowError {
  return new EscrowError('compute-environment-invalid', detail);
}
