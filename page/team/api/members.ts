import type { Member, Role, Workspace } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource, type Loaded } from '../../api/resource.ts';
import { titleOf, type WorkspaceName } from '../../api/workspaces.ts';
import { pathOf, sendChange } from './send-change.ts';

const CHANGES = ['members/', 'workspaces', 'organizations'];

/** Returns the path of a workspace in the API, or of an object in it. */
export function pathOfWorkspace({ organization, name }: WorkspaceName, ...more: readonly string[]): string {
  return pathOf('workspaces', organization, name, ...more);
}

/** Returns a workspace with the permissions of the person. */
export function useWorkspace(workspace: WorkspaceName): Loaded<Workspace> {
  return useResource(`workspaces/${titleOf(workspace)}`, () =>
    call<Workspace>('GET', pathOfWorkspace(workspace)),
  );
}

export function useMembers(workspace: WorkspaceName): Loaded<Member[]> {
  return useResource(`members/${titleOf(workspace)}`, () =>
    readAll<Member>(pathOfWorkspace(workspace, 'members'), 'members'),
  );
}

export async function addMember(
  workspace: WorkspaceName,
  body: { readonly user: string; readonly role: Role },
): Promise<void> {
  await sendChange({ method: 'POST', path: pathOfWorkspace(workspace, 'members'), body, changes: CHANGES });
}

export async function changeMember(
  workspace: WorkspaceName,
  { user, etag }: Member,
  role: Role,
): Promise<void> {
  const path = pathOfWorkspace(workspace, 'members', user);
  await sendChange({ method: 'PATCH', path, body: { role }, etag, changes: CHANGES });
}

export async function removeMember(workspace: WorkspaceName, { user, etag }: Member): Promise<void> {
  const path = pathOfWorkspace(workspace, 'members', user);
  await sendChange({ method: 'DELETE', path, etag, changes: CHANGES });
}

export async function changeVisibility(
  workspace: Workspace,
  visibility: 'private' | 'shared',
): Promise<void> {
  const { etag } = workspace;
  const path = pathOfWorkspace(workspace);
  await sendChange({ method: 'PATCH', path, body: { visibility }, etag, changes: CHANGES });
}

export async function removeWorkspace(workspace: Workspace): Promise<void> {
  const { etag } = workspace;
  const changes = [...CHANGES, 'secrets/'];
  await sendChange({ method: 'DELETE', path: pathOfWorkspace(workspace), etag, changes });
}
