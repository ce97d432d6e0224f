import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  BatchClient,
  JobDetail,
  RegisterJobDefinitionCommandInput,
  RegisterJobDefinitionCommandOutput,
} from '@aws-sdk/client-batch';
import type { AwsSettings } from '../../contract/types.ts';
import { DatedRequests } from '../dated-requests.ts';
import { retry } from '../retry.ts';
import { systemClock } from '../../system/time/clock.ts';
import { asAwsError, classifyFailure } from '../session/aws-error.ts';
import type { AwsSession } from '../session/session.ts';
import { tagsOf } from '../tags.ts';
import { sdk } from '../session/sdk.ts';

/** What the job ends with, where the shell and its `sha256sum` work but the secret is not what it should be. */
export const probeExits = { differs: 41, missing: 42, noHash: 43 } as const;

/** Between two looks, in milliseconds; most jobs wait for a machine. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** The definition is tried to be registered for that long. */
const REGISTERING_MS = 20_000;

/** What is wanted of the job. */
export interface ProbeJobOptions {
  /** Of the run whose secret it is given. */
  readonly run: string;
  /** By its tags `nf-escrow sweep` finds the definition, should this machine not come back. */
  readonly ownership: { readonly owner: string; readonly ledger: string };
  /** Name, reference and value of the secret. */
  readonly secret: { readonly name: string; readonly reference: string; readonly value: Buffer };
  /** An image with a shell and `sha256sum`. */
  readonly image: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Told before and after a step, so that whatever happens it can be undone. */
  readonly record: {
    readonly definition: (name: string, sentAt: number | null) => Promise<void>;
    readonly job: (id: string, name: string) => Promise<void>;
    readonly jobOver: (id: string) => Promise<void>;
  };
}

/** A job, as Batch told of it last. */
export type BatchJobState = Pick<JobDetail, 'status' | 'statusReason' | 'container'>;

/**
 * Registers a job definition with a reference to the secret, submits one job of it, and waits for its end, `limitMs` at
 * most. The job compares the value's SHA-256 and tells by its exit status: nothing of the value is in a log, an argument
 * or a definition. Throws `aws-*`, `store-unavailable`.
 */
export async function runProbeJob(
  session: AwsSession,
  settings: AwsSettings,
  wishes: ProbeJobOptions,
): Promise<BatchJobState> {
  const { DescribeJobsCommand, SubmitJobCommand } = sdk('@aws-sdk/client-batch');
  const batch = await session.batch();
  const name = `nf-escrow-probe-${wishes.run}`;
  const end = performance.now() + wishes.limitMs;
  try {
    const fargate = await isFargate(batch, settings.queue);
    const definition = await register(session, definitionOf(name, settings, fargate, wishes), async (at) =>
      wishes.record.definition(name, at),
    );
    const { jobId = '' } = await batch.send(
      new SubmitJobCommand({
        jobName: name,
        jobQueue: settings.queue,
        jobDefinition: definition.jobDefinitionArn,
      }),
    );
    await wishes.record.job(jobId, name);
    let job: BatchJobState = { status: 'SUBMITTED' };
    for (
      let pause = FIRST_PAUSE_MS;
      performance.now() < end && !wishes.signal.aborted;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    ) {
      const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
      job = jobs?.[0] ?? job;
      if (job.status === 'SUCCEEDED' || job.status === 'FAILED') {
        await wishes.record.jobOver(jobId);
        return job;
      }
      await sleep(pause);
    }
    return job;
  } catch (error) {
    throw asAwsError('The probe cannot have its job run', session.access, error);
  } finally {
    batch.destroy();
  }
}

/**
 * Registers a definition; the time of each attempt is noted before it is signed with it, as for a secret, and null once
 * AWS has answered all that were sent: then nothing has to be waited for.
 */
async function register(
  session: AwsSession,
  definition: RegisterJobDefinitionCommandInput,
  noteSent: (at: number | null) => Promise<void>,
): Promise<RegisterJobDefinitionCommandOutput> {
  const { RegisterJobDefinitionCommand } = sdk('@aws-sdk/client-batch');
  const batch = await session.batch(1);
  const requests = new DatedRequests(batch, systemClock);
  let unanswered = 0;
  const attempt = async (): Promise<RegisterJobDefinitionCommandOutput> => {
    const time = requests.now();
    await noteSent(time.at);
    try {
      return await requests.sendAt(time, () => batch.send(new RegisterJobDefinitionCommand(definition)));
    } catch (error) {
      if (classifyFailure(error) === 'unanswered') unanswered += 1;
      throw error;
    }
  };
  try {
    return await retry(attempt, {
      forMs: REGISTERING_MS,
      clock: systemClock,
      also: (failure) => failure === 'unanswered' || failure === 'unreachable',
    });
  } finally {
    batch.destroy();
    if (unanswered === 0) await noteSent(null);
  }
}

/** Jobs on Fargate are defined otherwise. */
async function isFargate(batch: BatchClient, queue: string): Promise<boolean> {
  const { DescribeJobQueuesCommand, DescribeComputeEnvironmentsCommand } = sdk('@aws-sdk/client-batch');
  const { jobQueues } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: [queue] }));
  const names = (jobQueues?.[0]?.computeEnvironmentOrder ?? []).flatMap(
    ({ computeEnvironment }) => computeEnvironment ?? [],
  );
  if (names.length === 0) return false;
  const { computeEnvironments } = await batch.send(
    new DescribeComputeEnvironmentsCommand({ computeEnvironments: names }),
  );
  return (computeEnvironments ?? []).some(({ computeResources }) =>
    computeResources?.type?.startsWith('FARGATE'),
  );
}

function definitionOf(
  jobDefinitionName: string,
  { executionRole }: AwsSettings,
  fargate: boolean,
  { run, ownership: whose, secret, image }: ProbeJobOptions,
): RegisterJobDefinitionCommandInput {
  return {
    jobDefinitionName,
    type: 'container',
    ...(fargate ? { platformCapabilities: ['FARGATE'] } : {}),
    retryStrategy: { attempts: 1 },
    timeout: { attemptDurationSeconds: 60 }, // once it runs: should we not be there any more, it ends by itself
    tags: tagsOf({ run, ...whose, 'created-at': new Date().toISOString() }),
    containerProperties: {
      image,
      command: ['sh', '-c', scriptOf(secret)],
      executionRoleArn: executionRole,
      secrets: [{ name: secret.name, valueFrom: secret.reference }],
      // The least that Fargate takes; Nextflow asks for a public address there too.
      resourceRequirements: [
        { type: 'VCPU', value: fargate ? '0.25' : '1' },
        { type: 'MEMORY', value: fargate ? '512' : '128' },
      ],
      ...(fargate ? { networkConfiguration: { assignPublicIp: 'ENABLED' } } : {}),
    },
  };
}

/** The hash of 256 random bits tells nothing of them. `printf` is the shell's own: no process has the value as argument. */
function scriptOf({ name, value }: ProbeJobOptions['secret']): string {
  const hash = createHash('sha256').update(value).digest('hex');
  return [
    `[ -n "\${${name}-}" ] || exit ${String(probeExits.missing)}`,
    `command -v sha256sum >/dev/null || exit ${String(probeExits.noHash)}`,
    `sum=$(printf %s "$${name}" | sha256sum)`,
    `[ "\${sum%% *}" = ${hash} ] || exit ${String(probeExits.differs)}`,
  ].join('; ');
}
