import type { BatchClient, JobDetail } from '@aws-sdk/client-batch';
import { decodeLocator } from '../session/access.ts';
import { asAwsError } from '../session/aws-error.ts';
import type { OpenSession } from '../session/session.ts';
import { sdk } from '../session/sdk.ts';
import type { RemoteTaskJobs } from '../../stores/store.ts';

/** AWS takes so many in one question. */
const MOST = 100;
/** So long an answer serves, in milliseconds: a run that waits for its jobs is looked at every two seconds. */
const FRESH_MS = 10_000;

/** AWS's job ids; behind a colon the index in a job array. */
const BATCH_JOB_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::\d{1,5})?$/;

/** All methods throw `aws-*`, `store-unavailable`. An answer of `living`, also a failure, serves for ten seconds. */
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
      for (const [key, { at: asked }] of answers) if (asked + FRESH_MS < now) answers.delete(key);
      const key = JSON.stringify([locator, ids]);
      const known = answers.get(key);
      if (known !== undefined) return known.answer;
      const answer = at(locator, 'The jobs that were left on AWS Batch cannot be looked at', (batch) =>
        livingOf(batch, ids),
      );
      answers.set(key, { at: now, answer });
      return answer;
    },
    terminate: async (locator, ids) => {
      await at(locator, 'The jobs that were left on AWS Batch cannot be ended', async (batch) => {
        const { TerminateJobCommand } = sdk('@aws-sdk/client-batch');
        for (const jobId of await livingOf(batch, ids))
          await batch.send(
            new TerminateJobCommand({ jobId, reason: 'nf-escrow: the head of its run is gone' }),
          );
      });
      answers.clear();
    },
  };
}

async function livingOf(batch: BatchClient, ids: readonly string[]): Promise<Set<string>> {
  const { DescribeJobsCommand } = sdk('@aws-sdk/client-batch');
  const found: JobDetail[] = [];
  for (let from = 0; from < ids.length; from += MOST) {
    const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: ids.slice(from, from + MOST) }));
    found.push(...(jobs ?? []));
  }
  return new Set(
    found.flatMap(({ jobId, status }) =>
      jobId === undefined || status === 'SUCCEEDED' || status === 'FAILED' ? [] : [jobId],
    ),
  );
}
