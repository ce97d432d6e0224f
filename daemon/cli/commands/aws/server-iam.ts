import type { DoctorCheck } from '../../../contract/types.ts';
import { parseArn } from '../../../contract/arn.ts';
import { EscrowError } from '../../../errors.ts';
import type { AwsPlace } from '../../../aws/iam/required-permissions.ts';
import type { ServerPolicyOptions } from '../../../aws/iam/server-policies.ts';

/** Options of `iam render --server` and `iam check --server`. */
export interface ServerIamOptions {
  readonly workspace?: string;
  readonly account?: string;
  readonly region?: string;
  readonly executionRole?: string;
  readonly serverRole?: string;
  readonly serverIdentity?: string;
  readonly externalId?: string;
  readonly deadManRoleName?: string;
  readonly prefix?: string;
  readonly kmsKey?: string;
  readonly endpoint?: string;
}

/** Renders the policies of a compute environment that belongs to a team server. Throws `usage`. */
export async function renderForServer(options: ServerIamOptions): Promise<Record<string, object>> {
  const { renderServerDocuments } = await import('../../../aws/iam/server-policies.ts');
  return renderServerDocuments(policyOptionsOf(options));
}

/** Checks them with the AWS identity of this process, which must be that of the server. Throws `usage`. */
export async function checkForServer(options: ServerIamOptions): Promise<DoctorCheck[]> {
  const executionRole = required(options.executionRole, '--execution-role');
  const account = options.account ?? parseArn(executionRole)?.account;
  const given = policyOptionsOf({ ...options, ...(account === undefined ? {} : { account }) });
  const { arnOfRole, renderServerDocuments } = await import('../../../aws/iam/server-policies.ts');
  renderServerDocuments(given); // validates the options
  const { region, workspace, serverRole, externalId, deadManRole, prefix, kmsKey } = given;
  const settings: AwsPlace = {
    region,
    executionRole: arnOfRole(given.executionRole, given),
    ...(serverRole === undefined ? {} : { assumeRole: arnOfRole(serverRole, given) }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(deadManRole === undefined ? {} : { deadMan: true, deadManRole: arnOfRole(deadManRole, given) }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(kmsKey === undefined ? {} : { kmsKey }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  };
  const { checkServer } = await import('../../../aws/iam/check-server.ts');
  const { openSession } = await import('../../../aws/session/session.ts');
  return checkServer(settings, openSession, workspace);
}

function policyOptionsOf(options: ServerIamOptions): ServerPolicyOptions {
  return {
    workspace: required(options.workspace, '--workspace'),
    account: required(options.account, '--account'),
    region: required(options.region, '--region'),
    executionRole: required(options.executionRole, '--execution-role'),
    ...{
      serverRole: options.serverRole,
      serverIdentity: options.serverIdentity,
      externalId: options.externalId,
    },
    ...{ deadManRole: options.deadManRoleName, prefix: options.prefix, kmsKey: options.kmsKey },
  };
}

function required(value: string | undefined, option: string): string {
  if (value !== undefined) return value;
  throw new EscrowError('usage', `The option --server needs ${option}.`, {
    hint: 'docs/team-server/aws-permissions.md has an example.',
  });
}
