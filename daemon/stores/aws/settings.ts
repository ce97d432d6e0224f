import type { PlatformRules } from '../../compute-envs/compute-environments.ts';
import { parseArn, partitionOf } from '../../contract/arn.ts';
import type { AwsSettings, ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { OLDEST_NEXTFLOW } from './oldest-nextflow.ts';

/** Rules for the settings of platform `aws-batch`. */
export const awsBatchRules: PlatformRules = {
  settings: 'aws',
  oldestNextflow: OLDEST_NEXTFLOW,
  variables: ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_PROFILE', 'AWS_CA_BUNDLE'],
  assertValid: ({ aws }) => {
    if (aws !== undefined) assertConsistent(aws);
  },
};

/** Returns the settings of a compute environment of this platform. Throws `internal` for one of another platform. */
export function awsSettingsOf({ name, aws }: ComputeEnvironment): AwsSettings {
  if (aws !== undefined) return aws;
  throw new EscrowError('internal', `Compute environment "${name}" is not of platform aws-batch.`);
}

/**
 * Checks what can be checked offline: secrets, queue and execution role must be in one account and in the region's
 * partition, because ECS reads no others. Throws `compute-environment-invalid`.
 */
function assertConsistent(settings: AwsSettings): void {
  const { region, queue, executionRole, assumeRole, externalId, kmsKey, deadMan, deadManRole } = settings;
  const partition = partitionOf(region);
  for (const [what, text] of [
    ['The execution role', executionRole],
    ['The role of --assume-role', assumeRole],
    ['The queue', queue],
    ['The KMS key', kmsKey],
    ["The dead man's role", deadManRole],
  ] as const) {
    const arn = parseArn(text ?? '');
    if (arn === undefined) continue;
    if (arn.partition !== partition)
      throw unfit(`${what} is in partition ${arn.partition}, but ${region} is in partition ${partition}.`);
    if (arn.region !== '' && arn.region !== region)
      throw unfit(`${what} is in ${arn.region}, not in ${region}.`);
  }
  const account = parseArn(executionRole)?.account;
  const inQueue = parseArn(queue)?.account;
  if (inQueue !== undefined && inQueue !== account)
    throw unfit(
      `The queue is in account ${inQueue}, but the execution role is in ${String(account)}: ECS requires a role of the same account.`,
    );
  const assumed = parseArn(assumeRole ?? '')?.account;
  if (assumed !== undefined && assumed !== account)
    throw unfit(
      `The role of --assume-role is in account ${assumed}, but the execution role is in ${String(account)}: the secrets must be in the account of the execution role.`,
    );
  const ofSwitch = parseArn(deadManRole ?? '')?.account;
  if (ofSwitch !== undefined && ofSwitch !== account)
    throw unfit(
      `The dead man's role is in account ${ofSwitch}, but the secrets are in ${String(account)}: EventBridge Scheduler requires a role of the same account.`,
    );
  if (deadMan === true && deadManRole === undefined)
    throw unfit(
      "A dead man's switch needs a role with which EventBridge Scheduler deletes the secret. Set it with --dead-man-role ARN.",
    );
  if (externalId !== undefined && assumeRole === undefined)
    throw unfit('An external id needs a role to assume. Set it with --assume-role ARN.');
}

function unfit(detail: string): EscrowError {
  return new EscrowError('compute-environment-invalid', detail);
}
