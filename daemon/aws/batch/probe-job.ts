import { createHash } from 'node:crypto';
import type {
  BatchClient,
  JobDetail,
  RegisterJobDefinitionCommandInput,
  RegisterJobDefinitionCommandOutput,
} from '@aws-sdk/client-batch';
import type { AwsSettings } from '../../contract/types.ts';
import { DatedRequests } from '../dated-requests.ts';
import { retryRequest } from '../retry.ts';
import { systemClock } from '../../system/time/clock.ts';
import { poll } from '../../system/time/retry.ts';
import { asAwsError, classifyFailure } from '../session/aws-error.ts';
import type { AwsSession } from '../session/session.ts';
import { tagsOf } from '../tags.ts';
import { sdk } from '../session/sdk.ts';

/** Exit statuses of the probe job: the value differs, the value is missing, the image has no `sha256sum`. */
export const probeExits = { differs: 41, missing: 42, noHash: 43 } as const;

/** Pauses between two DescribeJobs requests, in milliseconds. Most jobs first wait for an instance. */
const PAUSES = { first: 250, longest: 5000 };
/** Time limit for registering the job definition, retries included, in milliseconds. */
const REGISTERING_MS = 20_000;

/** Options of one probe job. */
export interface ProbeJobOptions {
  /** Id of the run that holds the secret. */
  readonly run: string;
  /** Written to the definition's tags, so that `nf-escrow sweep` finds it if this machine does not return. */
  readonly ownership: { readonly owner: string; readonly ledger: string };
  /** Name, reference and value of the secret. */
  readonly secret: { readonly name: string; readonly reference: string; readonly value: Buffer };
  /** An image with a shell and `sha256sum`. */
  readonly image: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Called before and after each step, so that an interrupted probe can be cleaned up. */
  readonly record: {
    readonly definition: (name: string, sentAt: number | null) => Promise<void>;
    readonly job: (id: string, name: string) => Promise<void>;
    readonly jobOver: (id: string) => Promise<void>;
  };
}

/** State of a job in the last answer of AWS Batch. */
export type BatchJobState = Pick<JobDetail, 'status' | 'statusReason' | 'container'>;

/**
 * Registers a job definition that references the secret, submits one job, and waits at most `limitMs` for its end.
 * The job compares the SHA-256 of the value and reports the result in its exit status, so the value appears in no
 * log, argument or definition. Throws `aws-*`, `store-unavailable`.
 */
export async function runProbeJob(
  session: AwsSession,
  settings: AwsSettings,
  options: ProbeJobOptions,
): Promise<BatchJobState> {
  const { DescribeJobsCommand, SubmitJobCommand } = await sdk('@aws-sdk/client-batch');
  const batch = await session.batch();
  const name = `nf-escrow-probe-${options.run}`;
  const end = performance.now() + options.limitMs;
  try {
    const fargate = await isFargate(batch, settings.queue);
    const definition = await register(session, definitionOf(name, settings, fargate, options), async (at) =>
      options.record.definition(name, at),
    );
    const { jobId = '' } = await batch.send(
      new SubmitJobCommand({
        jobName: name,
        jobQueue: settings.queue,
        jobDefinition: definition.jobDefinitionArn,
      }),
    );
    await options.record.job(jobId, name);
    let job: BatchJobState = { status: 'SUBMITTED' };
    const look = async (): Promise<BatchJobState> => {
      const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
      return (job = jobs?.[0] ?? job);
    };
    await poll(look, hasEnded, {
      pauses: PAUSES,
      forMs: end - performance.now(),
      clock: systemClock,
      signal: options.signal,
    });
    if (hasEnded(job)) await options.record.jobOver(jobId);
    return job;
  } catch (error) {
    throw asAwsError('Cannot run the probe job', session.access, error);
  } finally {
    batch.destroy();
  }
}

function hasEnded({ status }: BatchJobState): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED';
}

/**
 * Registers a job definition. As for a secret, the send time of each attempt is recorded before the request is signed
 * with it. Once AWS has answered every request, null is recorded: no late request is possible.
 */
async function register(
  session: AwsSession,
  definition: RegisterJobDefinitionCommandInput,
  noteSent: (at: number | null) => Promise<void>,
): Promise<RegisterJobDefinitionCommandOutput> {
  const { RegisterJobDefinitionCommand } = await sdk('@aws-sdk/client-batch');
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
    return await retryRequest(attempt, {
      forMs: REGISTERING_MS,
      clock: systemClock,
      also: (failure) => failure === 'unanswered' || failure === 'unreachable',
    });
  } finally {
    batch.destroy();
    if (unanswered === 0) await noteSent(null);
  }
}

/** Returns whether the queue runs its jobs on Fargate, which needs different fields in a job definition. */
async function isFargate(batch: BatchClient, queue: string): Promise<boolean> {
  const { DescribeJobQueuesCommand, DescribeComputeEnvironmentsCommand } = await sdk('@aws-sdk/client-batch');
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
    timeout: { attemptDurationSeconds: 60 }, // ends a started job even if the daemon is not running
    tags: tagsOf({ run, ...whose, 'created-at': new Date().toISOString() }),
    containerProperties: {
      image,
      command: ['sh', '-c', scriptOf(secret)],
      executionRoleArn: executionRole,
      secrets: [{ name: secret.name, valueFrom: secret.reference }],
      // The minimum on Fargate. Nextflow requests a public address there too.
      resourceRequirements: [
        { type: 'VCPU', value: fargate ? '0.25' : '1' },
        { type: 'MEMORY', value: fargate ? '512' : '128' },
      ],
      ...(fargate ? { networkConfiguration: { assignPublicIp: 'ENABLED' } } : {}),
    },
  };
}

/**
 * Returns the job's shell script. The hash of 256 random bits does not reveal them. `printf` is a shell builtin, so
 * the value is never an argument of a process.
 */
function scriptOf({ name, value }: ProbeJobOptions['secret']): string {
  const hash = createHash('sha256').update(value).digest('hex');
  return [
    `[ -n "\${${name}-}" ] || exit ${String(probeExits.missing)}`,
    `command -v sha256sum >/dev/null || exit ${String(probeExits.noHash)}`,
    `sum=$(printf %s "$${name}" | sha256sum)`,
    `[ "\${sum%% *}" = ${hash} ] || exit ${String(probeExits.differs)}`,
  ].join('; ');
}
