import type { BatchClient, JobDetail } from '@aws-sdk/client-batch';
import { sdk } from '../session/sdk.ts';

/** Maximum number of jobs, or of job definitions, in one request that describes them. */
export const BATCH_PART = 100;

/** A job that may still run. */
export type LivingJob = JobDetail & { readonly jobId: string };

/** Describes the jobs that may still run. A job that AWS does not know counts as ended. */
export async function describeLiving(batch: BatchClient, ids: readonly string[]): Promise<LivingJob[]> {
  const { DescribeJobsCommand } = await sdk('@aws-sdk/client-batch');
  const found: LivingJob[] = [];
  for (const some of inParts(ids)) {
    const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: some }));
    for (const { jobId, ...job } of jobs ?? [])
      if (jobId !== undefined && job.status !== 'SUCCEEDED' && job.status !== 'FAILED')
        found.push({ ...job, jobId });
  }
  return found;
}

/** Divides names into parts that fit into one request. */
export function inParts(all: readonly string[]): string[][] {
  const count = Math.ceil(all.length / BATCH_PART);
  return Array.from({ length: count }, (_, index) => all.slice(index * BATCH_PART, (index + 1) * BATCH_PART));
}
