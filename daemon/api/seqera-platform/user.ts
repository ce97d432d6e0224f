import { listNumberedWorkspaces, numericIdOf } from '../../access/numbered-workspaces.ts';
import { userScope } from '../../access/scopes.ts';
import type { PlatformUser, PlatformWorkspaceList } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Served } from '../served.ts';
import { readId } from './read-id.ts';

/** Returns the user who sends the request. */
export async function describeUser({ ledger, user }: Served): Promise<PlatformUser['user']> {
  const id = await numericIdOf(ledger.db, await userScope(ledger.db, user));
  return { id, userName: user.user };
}

/** Lists the workspaces of the user with this id. Throws `not-permitted` unless it is the user who sends the request. */
export async function listWorkspaces(
  served: Served,
  userId: string,
): Promise<PlatformWorkspaceList['orgsAndWorkspaces']> {
  const { id } = await describeUser(served);
  if (readId(userId) !== id) throw new EscrowError('not-permitted', 'The id is not that of the caller.');
  const workspaces = await listNumberedWorkspaces(served.ledger.db);
  return workspaces.map((workspace) => ({
    orgId: workspace.organizationNumericId,
    orgName: workspace.organization,
    workspaceId: workspace.numericId,
    workspaceName: workspace.name,
  }));
}
