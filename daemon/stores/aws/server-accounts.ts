import { parseArn } from '../../contract/arn.ts';
import type { AwsSettings, ServerAwsSettings, ServerConfiguration } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { awsBatchRules } from './settings.ts';

/** An AWS account in which workspaces of a team server may have compute environments. */
export type ServerAccount = NonNullable<ServerConfiguration['aws']>[number];

const IDENTITY = ['profile', 'assumeRole', 'externalId', 'prefix', 'endpoint', 'fips'] as const;

/**
 * Returns the settings of a compute environment of a workspace, with the identity that the configuration of the server has for the account
 * of the execution role. Only the configuration names identities and endpoints: an admin of a workspace, who may not read values, could
 * otherwise let the server send them elsewhere, or use roles of other teams. Throws `compute-environment-invalid`.
 */
export function settingsOnServer(
  workspace: string,
  settings: ServerAwsSettings,
  accounts: readonly ServerAccount[],
): AwsSettings {
  const wanted = parseArn(settings.executionRole)?.account;
  const known = accounts.find(({ account }) => account === wanted);
  if (known === undefined || !isPermitted(workspace, known))
    throw new EscrowError(
      'compute-environment-invalid',
      `Cannot use account ${String(wanted)} for workspace ${workspace}: the configuration of the server does not permit it.`,
      { hint: 'Ask an administrator of the server to add the account to the setting aws.' },
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
