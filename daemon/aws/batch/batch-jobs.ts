import type { BatchClient, JobDetail } from '@aws-sdk/client-batch';
import type { OpenSession } from '../session/session.ts';
import { sdk } from '../session/sdk.ts';
import { runTag } from '../tags.ts';
import type { ClaimedJob, JobsOwner, RemoteTaskJobs } from '../../stores/store.ts';
import { describeLiving, inParts } from './living-jobs.ts';
import { withBatch } from './with-batch.ts';

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
  const at = withBatch(open);
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
    terminate: async (locator, jobs, owner) => {
      const refused = await at(locator, 'Cannot terminate orphaned AWS Batch jobs', async (batch) => {
        const { TerminateJobCommand } = await sdk('@aws-sdk/client-batch');
        const { own, others } = await sortByOwner(batch, jobs, owner);
        for (const jobId of own)
          await batch.send(
            new TerminateJobCommand({ jobId, reason: 'nf-escrow: the head of the run has ended' }),
          );
        return others;
      });
      answers.clear();
      return refused;
    },
  };
}

async function livingOf(batch: BatchClient, ids: readonly string[]): Promise<Set<string>> {
  return new Set((await describeLiving(batch, ids)).map(({ jobId }) => jobId));
}

/**
 * Separates the run's jobs from others. A job is the run's if, according to AWS, it was created after the run, and its
 * definition has the run's tag or its command is that of the task. Events are not sufficient, because tasks can write them.
 */
async function sortByOwner(
  batch: BatchClient,
  jobs: readonly ClaimedJob[],
  { run, since }: JobsOwner,
): Promise<{ own: string[]; others: Map<string, string> }> {
  const living = await describeLiving(
    batch,
    jobs.map(({ id }) => id),
  );
  const tagged = await taggedDefinitions(batch, living, run);
  const own: string[] = [];
  const others = new Map<string, string>();
  for (const { jobId, createdAt, jobDefinition, container } of living) {
    const { workDirectory = null } = jobs.find(({ id }) => id === jobId) ?? {};
    if (createdAt === undefined || createdAt < since)
      others.set(jobId, `AWS Batch created it before the run (${toText(createdAt)})`);
    else if (tagged.has(jobDefinition ?? '') || runsIn(workDirectory, container?.command ?? []))
      own.push(jobId);
    else
      others.set(
        jobId,
        "its job definition has no tag of the run, and its command is not that of the run's task",
      );
  }
  return { own, others };
}

async function taggedDefinitions(
  batch: BatchClient,
  jobs: readonly JobDetail[],
  run: string,
): Promise<Set<string>> {
  const { DescribeJobDefinitionsCommand } = await sdk('@aws-sdk/client-batch');
  const names = [...new Set(jobs.flatMap(({ jobDefinition }) => jobDefinition ?? []))];
  const found = new Set<string>();
  for (const some of inParts(names)) {
    const { jobDefinitions } = await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitions: some }));
    for (const { tags, jobDefinitionArn, jobDefinitionName, revision } of jobDefinitions ?? [])
      if (tags?.[runTag] === run)
        found.add(String(jobDefinitionArn)).add(`${String(jobDefinitionName)}:${String(revision)}`);
  }
  return found;
}

/** Whether a job's command runs the task's script: nf-amazon fetches it from there, or runs it through Fusion's mount. */
function runsIn(workDirectory: string | null, command: readonly string[]): boolean {
  if (workDirectory === null) return false;
  const text = command.join(' ');
  return [workDirectory, workDirectory.replace(/^s3:\/\//, '/fusion/s3/')].some((directory) =>
    text.includes(` ${directory}/.command.run`),
  );
}

function toText(time: number | undefined): string {
  return time === undefined ? 'at an unknown time' : new Date(time).toISOString();
}
