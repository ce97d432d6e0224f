import { probeExits, type BatchJobState } from '../../aws/batch/probe-job.ts';
import type { AwsSettings } from '../../contract/types.ts';
import { failure, ok, type Check } from '../check.ts';

const NAME = 'probe';

interface Cause {
  readonly pattern: RegExp;
  readonly found: string;
  readonly remedy: (settings: AwsSettings) => string;
}

/**
 * Messages of AWS about containers that could not start, and their causes. Sources:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html and
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
const CAUSES: readonly Cause[] = [
  {
    pattern: /CannotPullContainer|pull image|manifest unknown|toomanyrequests/i,
    found: 'the probe image cannot be pulled',
    remedy: () =>
      'Set an image that the compute environment can pull and that has sh and sha256sum: nf-escrow compute-envs update NAME --probe-image IMAGE. In a subnet without internet access, use a private ECR repository and VPC endpoints for ecr.api, ecr.dkr and s3.',
  },
  {
    pattern: /unable to assume the role|AssumeRole|trust/i,
    found: 'ECS cannot assume the execution role',
    remedy: ({ executionRole }) =>
      `Let ${executionRole} trust ecs-tasks.amazonaws.com. nf-escrow iam check verifies its trust policy.`,
  },
  {
    pattern: /KMS|decrypt/i,
    found: 'the execution role is not allowed to use the key that encrypts the secret',
    remedy: ({ kmsKey = 'the key', executionRole }) =>
      `Allow ${executionRole} kms:Decrypt on ${kmsKey}, both in its policy (nf-escrow iam render --kms-key ARN) and in the key policy.`,
  },
  {
    pattern: /AccessDenied|not authorized/i,
    found: 'the execution role is not allowed to read the secret',
    remedy: ({ executionRole }) =>
      `Attach secrets-policy-execution-role.json of nf-escrow iam render to ${executionRole}. A policy that was rendered for another workspace does not permit this.`,
  },
  {
    pattern:
      /i\/o timeout|deadline exceeded|RequestCanceled|dial tcp|no such host|connection (?:refused|reset|timed out)|could not connect|unable to connect/i,
    found: 'Secrets Manager cannot be reached from the compute environment',
    remedy: ({ region }) =>
      `Give its subnets a route to secretsmanager.${region}: a NAT gateway, a public address, or an interface endpoint with private DNS whose security group accepts port 443 from the tasks.`,
  },
  {
    pattern: /json key|unexpected ARN|invalid ARN|ARN format|too many parts/i,
    found: 'the ECS agent does not support a JSON key in a secret reference',
    remedy: () =>
      'Use a current ECS-optimized AMI (agent 1.37.0 or later), or Fargate 1.4.0. Until then, run nf-escrow compute-envs update NAME --layout per-secret.',
  },
  {
    pattern: /ResourceInitializationError|secrets? from asm|retrieve secret/i,
    found: 'ECS could not read the secret',
    remedy: ({ executionRole }) =>
      `Check the permissions of ${executionRole}, the key policy, and the network route to Secrets Manager: see docs/aws-batch.md.`,
  },
];

const BY_STATUS: Readonly<Record<string, readonly [found: string, remedy: string]>> = {
  RUNNABLE: [
    'was still waiting for an instance',
    'Wait longer with --wait 900. If that does not help, check the AWS Batch console: the compute environment may be disabled or at its maximum of vCPUs, or its instances may not join the cluster.',
  ],
  STARTING: [
    'was still starting',
    'Wait longer with --wait 300. If that does not help, check that the instance can reach the image registry and Secrets Manager.',
  ],
};

/** Returns what the result of the probe job, or its absence, shows about the compute environment. */
export function judgeBatchProbe(job: BatchJobState, settings: AwsSettings, waitedMs: number): Check {
  const { status = '', statusReason = '', container = {} } = job;
  if (status === 'SUCCEEDED')
    return ok(NAME, `a job on ${settings.queue} received a random test value unchanged (SHA-256 compared)`);
  if (status !== 'FAILED') {
    const [found, remedy] = BY_STATUS[status] ?? [
      `was still ${status}`,
      'Wait longer with --wait 600. Other jobs in the queue may be ahead.',
    ];
    return failure(NAME, `after ${String(Math.round(waitedMs / 1000))} s the job ${found}`, remedy);
  }
  const { exitCode, reason = '' } = container;
  if (exitCode !== undefined && exitCode !== 0) return judgeExit(exitCode);
  const message = [statusReason, reason].filter((text) => text !== '').join('; ');
  const cause = CAUSES.find(({ pattern }) => pattern.test(message));
  return cause === undefined
    ? failure(NAME, `the job failed: ${message}`, 'Check the job in the AWS Batch console.')
    : failure(NAME, `${cause.found}: ${message}`, cause.remedy(settings));
}

function judgeExit(exitCode: number): Check {
  if (exitCode === probeExits.missing)
    return failure(
      NAME,
      'the job ran without the secret',
      'Use a current ECS-optimized AMI (agent 1.37.0 or later), or Fargate 1.4.0: the ECS agent did not set the variable.',
    );
  if (exitCode === probeExits.differs)
    return failure(
      NAME,
      'the job received a changed value',
      'Do not run pipelines with secrets in this compute environment, and report this as a bug: the container received another value than Secrets Manager contains.',
    );
  return failure(
    NAME,
    `the job ended with exit status ${String(exitCode)} before it compared the value`,
    'Set an image that has sh and sha256sum: nf-escrow compute-envs update NAME --probe-image IMAGE.',
  );
}
