import type { BatchClient, JobDetail } from '@aws-sdk/client-batch';
import { decodeLocator } from '../session/access.ts';
import { asAwsError } from '../session/aws-error.ts';
import type { OpenSession } from '../session/session.ts';
import { sdk } from '../session/sdk.ts';
import type { RemoteTaskJobs } from '../../stores/store.ts';

/** Maximum number of jobs in one DescribeJobs request. */
const MAX_JOBS = 100;
/** How long an answer is cached, in milliseconds: the daemon checks a run that waits for its jobs every two seconds. */
const CACHE_MS = 10_000;

/** An AWS Batch job id, optionally followed by a colon and the index in a job array. */
const BATCH_JOB_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::\d{1,5})?$/;

/**
 * Creates the view of a run's AWS Batch jobs. All methods throw `aws-*`, `store-unavailable`. `living` caches its
 * answers, failures included, for ten seconds.
 */
export function batchJobs(open: OpenSession, clock = (): number => performance.now()): RemoteTaskJobs {
  const answers = new Map<string, { readonly at: number; readonly answer: Promise<ReadonlySet<string>> }>();
  const at = async <T>(
    locator: string | null,
    what: string,
    work: (batch: BatchClient) => Promise<T>,
  ): Promise<T> => {
    const access = decodeLocator(locator);
    const batch = await (await open(access)).batch();
    try {
      return await work(batch);
    } catch (error) {
      throw asAwsError(what, access, error);
    } finally {
      batch.destroy();
    }
  };
  return {
    executor: 'awsbatch',
    secretsKind: 'aws-secrets-manager',
    isJobId: (id) => BATCH_JOB_ID.test(id),
    living: async (locator, ids) => {
      const now = clock();
      for (const [key, { at: asked }] of answers) if (asked + CACHE_MS < now) answers.delete(key);
      const key = JSON.stringify([locator, ids]);
      const known = answers.get(key);
      if (known !== undefined) return known.answer;
      const answer = at(locator, 'Cannot describe orphaned AWS Batch jobs', (batch) => livingOf(batch, ids));
      answers.set(key, { at: now, answer });
      return answer;
    },
    terminate: async (locator, ids) => {
      await at(locator, 'Cannot terminate orphaned AWS Batch jobs', async (batch) => {
        const { TerminateJobCommand } = sdk('@aws-sdk/client-batch');
        for (const jobId of await livingOf(batch, ids))
          await batch.send(
            new TerminateJobCommand({ jobId, reason: 'nf-escrow: the head of the run has ended' }),
          );
      });
      answers.clear();
    },
  };
}

async function livingOf(batch: BatchClient, ids: readonly string[]): Promise<Set<string>> {
  const { DescribeJobsCommand } = sdk('@aws-sdk/client-batch');
  const found: JobDetail[] = [];
  for (let from = 0; from < ids.length; from += MAX_JOBS) {
    const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: ids.slice(from, from + MAX_JOBS) }));
    found.push(...(jobs ?? []));
  }
  return new Set(
    found.flatMap(({ jobId, status }) =>
      jobId === undefined || status === 'SUCCEEDED' || status === 'FAILED' ? [] : [jobId],
    ),
  );
}
