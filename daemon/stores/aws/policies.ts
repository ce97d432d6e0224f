import { policyPurposes, renderDocuments } from '../../aws/iam/iam-policies.ts';
import { parseArn, partitionOf } from '../../contract/arn.ts';
import type { ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { awsSettingsOf } from './settings.ts';

/** An IAM policy, the name of its file, and where it is attached. */
export interface NamedPolicy {
  readonly name: string;
  readonly purpose: string;
  readonly document: object;
}

/**
 * Returns the IAM policies that runs in a compute environment need, for all its workspaces or for one. Throws
 * `compute-environment-invalid` if its KMS key has an alias, because policies must name the key itself.
 */
export function policiesOf(
  environment: ComputeEnvironment,
  owner: string,
  workspace: string | undefined,
): NamedPolicy[] {
  const { region, executionRole, deadManRole, prefix } = awsSettingsOf(environment);
  const partition = partitionOf(region);
  const { account = '' } = parseArn(executionRole) ?? {};
  const documents = renderDocuments({
    account,
    partition,
    owner,
    workspace,
    prefix,
    executionRole: roleName(executionRole),
    deadManRole: deadManRole === undefined ? undefined : roleName(deadManRole),
    kmsKey: keyArn(environment, partition, account),
  });
  return Object.entries(documents).map(([name, document]) => ({
    name,
    purpose: policyPurposes[name] ?? '',
    document,
  }));
}

/** Returns the path and the name of a role. */
function roleName(arn: string): string {
  return (parseArn(arn)?.resource ?? arn).replace(/^role\//, '');
}

function keyArn(environment: ComputeEnvironment, partition: string, account: string): string | undefined {
  const { region, kmsKey } = awsSettingsOf(environment);
  if (kmsKey === undefined) return undefined;
  const arn = parseArn(kmsKey);
  const resource = arn?.resource ?? kmsKey;
  if (resource.startsWith('alias/'))
    throw new EscrowError(
      'compute-environment-invalid',
      `Cannot render the policies of compute environment "${environment.name}": its KMS key is an alias.`,
      {
        hint: `Set the ARN of the key: nf-escrow compute-envs update ${environment.name} --kms-key ARN`,
      },
    );
  return arn === undefined ? `arn:${partition}:kms:${region}:${account}:key/${resource}` : kmsKey;
}
