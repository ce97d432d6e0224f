import { accessFrom } from './access.ts';
import { asAwsError } from './aws-error.ts';
import type { OpenSession } from './clients.ts';

/** AWS takes so many in one question. */
const MOST = 100;

/** Jobs of AWS Batch that a head has submitted. */
export interface BatchJobs {
  /** Ends those of the jobs that have not ended; gives their ids. `anchor` says where they are, as that of a lease does. */
  terminate(anchor: string | null, ids: readonly string[]): Promise<string[]>;
}

/** A job that AWS does not remember is over, as is one that has ended. Throws `aws-*`, `store-unavailable`. */
export function batchJobs(open: OpenSession): BatchJobs {
  return {
    terminate: async (anchor, ids) => {
      const access = accessFrom(anchor);
      const { DescribeJobsCommand, TerminateJobCommand } = await import('@aws-sdk/client-batch');
      const batch = await (await open(access)).batch();
      try {
        const living: string[] = [];
        for (let at = 0; at < ids.length; at += MOST) {
          const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: ids.slice(at, at + MOST) }));
          for (const { jobId, status } of jobs ?? [])
            if (jobId !== undefined && status !== 'SUCCEEDED' && status !== 'FAILED') living.push(jobId);
        }
        for (const jobId of living)
          await batch.send(
            new TerminateJobCommand({ jobId, reason: 'nf-escrow: the head of its run is gone' }),
          );
        return living;
      } catch (error) {
        throw asAwsError('The jobs that were left on AWS Batch cannot be ended', access, error);
      } finally {
        batch.destroy();
      }
    },
  };
}
