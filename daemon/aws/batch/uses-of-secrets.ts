import type { BatchClient, JobDefinition } from '@aws-sdk/client-batch';
import type { UsesOfSecrets } from '../../stores/store.ts';
import { sdk } from '../session/sdk.ts';
import type { OpenSession } from '../session/session.ts';
import { BATCH_PART, describeLiving } from './living-jobs.ts';
import { withBatch } from './with-batch.ts';

/** Statuses of jobs that may still start a container, which reads the secrets. */
const UNFINISHED = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING'] as const;

/**
 * Creates the view of what uses AWS secrets in AWS Batch. It does not depend on what a daemon has reported: jobs and definitions name the
 * secrets themselves, and nobody can change that. All methods throw `aws-*`, `store-unavailable`.
 */
export function usesInBatch(open: OpenSession): UsesOfSecrets {
  const at = withBatch(open);
  return {
    unfinishedJobs: (locator, targets) =>
      at(locator, 'Cannot look for unfinished AWS Batch jobs', (batch) => unfinishedJobs(batch, targets)),
    deregisterDefinitions: (locator, targets) =>
      at(locator, 'Cannot deregister job definitions', (batch) => deregister(batch, targets)),
  };
}

/** Jobs of a run can be in any queue: a pipeline can name one for each process. */
async function unfinishedJobs(batch: BatchClient, targets: readonly string[]): Promise<string[]> {
  const { paginateDescribeJobQueues, paginateListJobs } = await sdk('@aws-sdk/client-batch');
  const using: string[] = [];
  for await (const { jobQueues } of paginateDescribeJobQueues({ client: batch }, {}))
    for (const { jobQueueArn: jobQueue } of jobQueues ?? [])
      for (const jobStatus of UNFINISHED)
        for await (const { jobSummaryList } of paginateListJobs(
          { client: batch, pageSize: BATCH_PART },
          { jobQueue, jobStatus },
        )) {
          const jobs = (jobSummaryList ?? []).flatMap(({ jobId }) => jobId ?? []);
          for (const { jobId, container } of await describeLiving(batch, jobs))
            if (container?.secrets?.some(({ valueFrom }) => refersTo(valueFrom, targets)) === true)
              using.push(jobId);
        }
  return [...new Set(using)];
}

/** Deregisters definitions all of whose references are to these secrets. Returns how many. */
async function deregister(batch: BatchClient, targets: readonly string[]): Promise<number> {
  const { paginateDescribeJobDefinitions, DeregisterJobDefinitionCommand } =
    await sdk('@aws-sdk/client-batch');
  const found: JobDefinition[] = [];
  for await (const { jobDefinitions } of paginateDescribeJobDefinitions(
    { client: batch },
    { status: 'ACTIVE' },
  ))
    found.push(...(jobDefinitions ?? []));
  const ours = found.filter(({ containerProperties, status }) => {
    const references = containerProperties?.secrets ?? [];
    const areOurs = references.every(({ valueFrom }) => refersTo(valueFrom, targets));
    return status === 'ACTIVE' && references.length > 0 && areOurs;
  });
  for (const { jobDefinitionArn: jobDefinition } of ours)
    await batch.send(new DeregisterJobDefinitionCommand({ jobDefinition }));
  return ours.length;
}

/** A reference is a target, the hyphen and six characters that AWS adds, and optionally a JSON key. */
function refersTo(valueFrom: string | undefined, targets: readonly string[]): boolean {
  return targets.some((target) => {
    const rest = valueFrom?.startsWith(target) === true ? valueFrom.slice(target.length) : '';
    return /^-[A-Za-z0-9]{6}(?::|$)/.test(rest);
  });
}
