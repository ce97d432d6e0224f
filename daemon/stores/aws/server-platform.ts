import { parseArn } from '../../contract/arn.ts';
import type { AwsSettings, ServerConfiguration, ServerEnvironmentInput } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { ServerPlatform } from '../store.ts';
import { sweepAws } from '../../aws/sweep.ts';
import { openSession } from '../../aws/session/session.ts';
import { awsBatchRules, awsSettingsOf } from './settings.ts';

/** An AWS account in which workspaces of a team server may have compute environments. */
type ServerAccount = NonNullable<ServerConfiguration['awsAccounts']>[number];

const IDENTITY = ['profile', 'assumeRole', 'externalId', 'prefix', 'endpoint', 'fips'] as const;

/**
 * AWS Batch for compute environments of workspaces on a team server. Only the configuration of the server names identities and
 * endpoints: an admin of a workspace, who may not read values, could otherwise let the server send them elsewhere, or use roles of other
 * teams.
 */
export const awsBatchOnServer: ServerPlatform = {
  complete: (workspace, { aws }, { awsAccounts = [] }) => ({
    aws: settingsOnServer(workspace, aws, awsAccounts),
  }),
  sweep: (environment, sweeper) => sweepAws(awsSettingsOf(environment), openSession, sweeper, true),
  // Everyone who may pass the role can read what it covers.
  ownResource: ({ aws }) => aws.executionRole,
};

/** Returns the settings with the identity that the configuration has for the account of the execution role. */
function settingsOnServer(
  workspace: string,
  settings: ServerEnvironmentInput['aws'],
  accounts: readonly ServerAccount[],
): AwsSettings {
  const wanted = parseArn(settings.executionRole)?.account;
  const known = accounts.find(({ account }) => account === wanted);
  if (known === undefined || !isPermitted(workspace, known))
    throw new EscrowError(
      'compute-environment-invalid',
      `Cannot use account ${String(wanted)} for workspace ${workspace}: the configuration of the server does not permit it.`,
      { hint: 'Ask an administrator of the server to add the account to the setting awsAccounts.' },
    );
  const complete: AwsSettings = { ...settings };
  for (const key of IDENTITY) if (known[key] !== undefined) Object.assign(complete, { [key]: known[key] });
  awsBatchRules.assertValid?.({ aws: complete });
  return complete;
}

function isPermitted(workspace: string, { workspaces }: ServerAccount): boolean {
  const [organization = ''] = workspace.split('/');
  return workspaces === undefined || [workspace, `${organization}/*`].some((one) => workspaces.includes(one));
}
