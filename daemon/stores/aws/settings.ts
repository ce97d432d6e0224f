import type { PlatformRules } from '../../compute-envs/compute-environments.ts';
import { parseArn, partitionOf } from '../../contract/arn.ts';
import type { AwsSettings, ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';

/** The settings of platform `aws-batch`. */
export const awsBatchRules: PlatformRules = {
  settings: 'aws',
  variables: ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_PROFILE', 'AWS_CA_BUNDLE'],
  assertValid: ({ aws }) => {
    if (aws !== undefined) assertConsistent(aws);
  },
};

/** The settings of a compute environment of this platform. Throws `internal` for one of another. */
export function awsSettingsOf({ name, aws }: ComputeEnvironment): AwsSettings {
  if (aws !== undefined) return aws;
  throw new EscrowError('internal', `The compute environment "${name}" does not go to AWS.`);
}

/**
 * Checks what can be checked without asking AWS: secrets, queue and execution role must be in one account and in the
 * region's partition, as ECS reads no others. Throws `compute-environment-invalid`.
 */
function assertConsistent(settings: AwsSettings): void {
  const { region, queue, executionRole, assumeRole, externalId, kmsKey, deadMan, deadManRole } = settings;
  const partition = partitionOf(region);
  for (const [what, text] of [
    ['The execution role', executionRole],
    ['The role to be assumed', assumeRole],
    ['The queue', queue],
    ['The KMS key', kmsKey],
    ["The dead man's role", deadManRole],
  ] as const) {
    const arn = parseArn(text ?? '');
    if (arn === undefined) continue;
    if (arn.partition !== partition)
      throw unfit(`${what} is of the partition ${arn.partition}, and ${region} is of ${partition}.`);
    if (arn.region !== '' && arn.region !== region)
      throw unfit(`${what} is in ${arn.region}, not in ${region}.`);
  }
  const account = parseArn(executionRole)?.account;
  const inQueue = parseArn(queue)?.account;
  if (inQueue !== undefined && inQueue !== account)
    throw unfit(
      `The queue is in the account ${inQueue} and the execution role in ${String(account)}: ECS takes a role of its own account only.`,
    );
  const assumed = parseArn(assumeRole ?? '')?.account;
  if (assumed !== undefined && assumed !== account)
    throw unfit(
      `The role to be assumed is in the account ${assumed}, and the secrets have to go to ${String(account)}, where the execution role is.`,
    );
  const ofSwitch = parseArn(deadManRole ?? '')?.account;
  if (ofSwitch !== undefined && ofSwitch !== account)
    throw unfit(
      `The dead man's role is in the account ${ofSwitch}, and the secrets go to ${String(account)}: EventBridge Scheduler takes a role of its own account only.`,
    );
  if (deadMan === true && deadManRole === undefined)
    throw unfit(
      "A dead man's switch needs a role with which EventBridge Scheduler deletes the secret: --dead-man-role ARN.",
    );
  if (externalId !== undefined && assumeRole === undefined)
    throw unfit('An external id goes with a role to be assumed.');
}

function unfit(detail: string): EscrowError {
  return new EscrowError('compute-environment-invalid', detail);
}
