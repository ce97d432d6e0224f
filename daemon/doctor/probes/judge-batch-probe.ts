import { probeExits, type BatchJobState } from '../../aws/batch/probe-job.ts';
import type { AwsSettings } from '../../contract/types.ts';
import { failure, ok, type Check } from '../check.ts';

const NAME = 'probe';

interface Trouble {
  readonly sign: RegExp;
  readonly found: string;
  readonly remedy: (settings: AwsSettings) => string;
}

/**
 * What AWS says of a container that could not be started, and what it comes from. The words are those of
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html and
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
const TROUBLES: readonly Trouble[] = [
  {
    sign: /CannotPullContainer|pull image|manifest unknown|toomanyrequests/i,
    found: 'the image of the probe cannot be pulled',
    remedy: () =>
      'Name one that your compute environment can pull and that has sh and sha256sum: nf-escrow compute-envs update NAME --probe-image IMAGE. In a subnet without a way out that is one of a private ECR, with endpoints for ecr.api, ecr.dkr and s3.',
  },
  {
    sign: /unable to assume the role|AssumeRole|trust/i,
    found: 'ECS cannot take the execution role',
    remedy: ({ executionRole }) =>
      `${executionRole} has to trust ecs-tasks.amazonaws.com: nf-escrow iam check says whether it does.`,
  },
  {
    sign: /KMS|decrypt/i,
    found: 'the execution role may not use the key that encrypts the secret',
    remedy: ({ kmsKey = 'the key', executionRole }) =>
      `Let ${executionRole} use kms:Decrypt on ${kmsKey}, in its policy (nf-escrow iam render --kms-key ARN) and in the key's own.`,
  },
  {
    sign: /AccessDenied|not authorized/i,
    found: 'the execution role may not read the secret',
    remedy: ({ executionRole }) =>
      `Attach the policy execution-role of nf-escrow iam render to ${executionRole}; one that is bounded to a workspace reads no other's.`,
  },
  {
    sign: /i\/o timeout|deadline exceeded|RequestCanceled|dial tcp|no such host|connection (?:refused|reset|timed out)|could not connect|unable to connect/i,
    found: 'Secrets Manager cannot be reached from the compute environment',
    remedy: ({ region }) =>
      `Its subnets need a way to secretsmanager.${region}: a NAT gateway, a public address, or an interface endpoint with private DNS whose security group takes port 443 from the tasks'.`,
  },
  {
    sign: /json key|unexpected ARN|invalid ARN|ARN format|too many parts/i,
    found: 'the ECS agent cannot take one key of a secret',
    remedy: () =>
      'The agent has to be 1.37.0 or later, or Fargate 1.4.0: use a current ECS-optimized AMI; until then nf-escrow compute-envs update NAME --layout per-secret.',
  },
  {
    sign: /ResourceInitializationError|secrets? from asm|retrieve secret/i,
    found: 'ECS could not fetch the secret',
    remedy: ({ executionRole }) =>
      `Look at the execution role (${executionRole}), the key, and the way to Secrets Manager; docs/aws-batch.md lists them.`,
  },
];

const BY_STATUS: Readonly<Record<string, readonly [found: string, remedy: string]>> = {
  RUNNABLE: [
    'waits for a machine',
    'It may only want longer (--wait 900); else the compute environment is disabled, at its maximum of vCPUs, or its instances cannot join: see the Batch console.',
  ],
  STARTING: [
    'is being started',
    'The image is pulled and the secret fetched now. It may only want longer (--wait 300); else the instance has no way to the registry or to Secrets Manager.',
  ],
};

/** What the job's end, or that it came to none, says of the compute environment. */
export function judgeBatchProbe(job: BatchJobState, settings: AwsSettings, waitedMs: number): Check {
  const { status = '', statusReason = '', container = {} } = job;
  if (status === 'SUCCEEDED')
    return ok(NAME, `a job on ${settings.queue} was given a throw-away secret, exactly (SHA-256 compared)`);
  if (status !== 'FAILED') {
    const [found, remedy] = BY_STATUS[status] ?? [
      `is ${status}`,
      'It may only want longer: --wait 600; other jobs of the queue go first.',
    ];
    return failure(NAME, `after ${String(Math.round(waitedMs / 1000))} s the job ${found}`, remedy);
  }
  const { exitCode, reason = '' } = container;
  if (exitCode !== undefined && exitCode !== 0) return judgeExit(exitCode);
  const said = [statusReason, reason].filter((text) => text !== '').join('; ');
  const trouble = TROUBLES.find(({ sign }) => sign.test(said));
  return trouble === undefined
    ? failure(NAME, `the job failed: ${said}`, `AWS says no more; the job is in the Batch console.`)
    : failure(NAME, `${trouble.found}: ${said}`, trouble.remedy(settings));
}

function judgeExit(exitCode: number): Check {
  if (exitCode === probeExits.missing)
    return failure(
      NAME,
      'the job ran and was not given the secret',
      'The ECS agent left it out: use a current ECS-optimized AMI (agent 1.37.0 or later), or Fargate 1.4.0.',
    );
  if (exitCode === probeExits.differs)
    return failure(
      NAME,
      'the job was given another value than was placed',
      'Say nothing of it to pipelines, and tell us: the agent or something between changes values.',
    );
  return failure(
    NAME,
    `the job ended with status ${String(exitCode)} before it could look`,
    'The image has to have sh and sha256sum: nf-escrow compute-envs update NAME --probe-image IMAGE.',
  );
}
