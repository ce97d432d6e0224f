import { listNumberedWorkspaces, numericIdOf } from '../../access/numbered-workspaces.ts';
import type { Principal } from '../../access/principal.ts';
import { userScope } from '../../access/scopes.ts';
import type { PlatformUser, PlatformWorkspaceList } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Served } from '../served.ts';
import { readId } from './read-id.ts';

/** Returns the user who sends the request. */
export async function describeUser({ ledger }: Served, by: Principal): Promise<PlatformUser['user']> {
  const id = await numericIdOf(ledger.db, await userScope(ledger.db, by));
  return { id, userName: by.user };
}

/** Lists the workspaces of the user with this id. Throws `not-permitted` unless it is the user who sends the request. */
export async function listWorkspaces(
  served: Served,
  by: Principal,
  userId: string,
): Promise<PlatformWorkspaceList['orgsAndWorkspaces']> {
  const { id } = await describeUser(served, by);
  if (readId(userId) !== id) throw new EscrowError('not-permitted', 'The id is not that of the caller.');
  const workspaces = await listNumberedWorkspaces(served.ledger.db, by);
  return workspaces.map((workspace) => ({
    orgId: workspace.organizationNumericId,
    orgName: workspace.organization,
    workspaceId: workspace.numericId,
    workspaceName: workspace.name,
  }));
}
