import t from 'tap';
import { probeExits, type BatchJobState } from '../../../daemon/aws/batch/probe-job.ts';
import type { AwsSettings } from '../../../daemon/contract/types.ts';
import { judgeBatchProbe } from '../../../daemon/doctor/aws/judge-batch-probe.ts';

const settings: AwsSettings = {
  region: 'eu-west-1',
  queue: 'spot',
  workDir: 's3://lab/work',
  executionRole: 'arn:aws:iam::123456789012:role/execution',
  kmsKey: 'alias/lab',
};
const asm =
  'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried';

/** Messages of ECS in `container.reason`, or of Batch in `statusReason`. */
const reasons: readonly (readonly [reason: string, found: RegExp, remedy: RegExp])[] = [
  [
    `${asm} 1 time(s): AccessDeniedException: User is not authorized to perform secretsmanager:GetSecretValue`,
    /not allowed to read/,
    /role\/execution/,
  ],
  [
    `${asm} 1 time(s): failed to fetch secret: AccessDeniedException: Access to KMS is not allowed`,
    /not allowed to use the key/,
    /kms:Decrypt on alias\/lab/,
  ],
  [
    `${asm} 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded`,
    /cannot be reached/,
    /secretsmanager\.eu-west-1/,
  ],
  [
    `${asm} 3 time(s): Post "https://secretsmanager.eu-west-1.amazonaws.com/": dial tcp 52.94.1.1:443: i/o timeout`,
    /cannot be reached/,
    /interface endpoint/,
  ],
  [
    'ResourceInitializationError: retrieved secret from Secrets Manager did not contain json key NF_ESCROW_PROBE',
    /does not support a JSON key/,
    /1\.37\.0/,
  ],
  [
    'Fetching secret data from AWS Secrets Manager: unexpected ARN format with parameters when trying to retrieve ASM secret',
    /does not support a JSON key/,
    /per-secret/,
  ],
  [
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref public.ecr.aws/x',
    /image/,
    /--probe-image/,
  ],
  [
    "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/execution' that was provided for this task.",
    /cannot assume the execution role/,
    /ecs-tasks/,
  ],
  ['ResourceInitializationError: something new', /could not read the secret/, /docs\/aws-batch\.md/],
  ['Job killed by NodeReplacement', /the job failed: .*Job killed/, /console/],
];

void t.test('maps each failure to its remedy', async (t) => {
  for (const [reason, found, remedy] of reasons)
    for (const job of [
      { status: 'FAILED', statusReason: 'Task failed to start', container: { reason } },
      { status: 'FAILED', statusReason: reason, container: {} },
    ] satisfies BatchJobState[])
      t.match(judgeBatchProbe(job, settings, 1000), { state: 'failure', found, remedy }, reason);
});

void t.test('reports what the job saw', async (t) => {
  const ended = (exitCode: number): BatchJobState => ({
    status: 'FAILED',
    statusReason: 'Essential container in task exited',
    container: { exitCode },
  });
  t.match(judgeBatchProbe(ended(probeExits.differs), settings, 1), { found: /changed value/ });
  t.match(judgeBatchProbe(ended(probeExits.missing), settings, 1), { found: /without the secret/ });
  t.match(judgeBatchProbe(ended(probeExits.noHash), settings, 1), { remedy: /sha256sum/ });
  t.match(judgeBatchProbe(ended(127), settings, 1), { found: /status 127/, remedy: /--probe-image/ });
  t.match(judgeBatchProbe({ status: 'SUCCEEDED' }, settings, 1), { state: 'ok' });
  for (const status of ['SUBMITTED', 'RUNNABLE', 'STARTING', 'RUNNING'] as const)
    t.match(judgeBatchProbe({ status }, settings, 120_000), {
      state: 'failure',
      found: /after 120 s/,
      remedy: /--wait/,
    });
});
