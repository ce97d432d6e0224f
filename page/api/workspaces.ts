import { computed, signal } from '@preact/signals';
import type { Permission, Workspace } from '../../daemon/contract/types.ts';
import { place } from '../app/router.ts';
import { readStored, store } from '../app/stored.ts';
import { readAll } from './read-all.ts';
import { useResource, type Resource } from './resource.ts';

/** Organization and name of a workspace. */
export interface WorkspaceName {
  readonly organization: string;
  readonly name: string;
}

const stored = readStored('workspace')?.split('/', 2) ?? [];
const lastUsed = signal<WorkspaceName>({ organization: stored[0] ?? 'local', name: stored[1] ?? 'main' });

/** The workspace in the address, or else the last used one. */
export const currentWorkspace = computed<WorkspaceName>(() => {
  const [first, organization, name] = place.value.path;
  if (first !== 'workspaces' || organization === undefined || name === undefined) return lastUsed.value;
  return { organization, name };
});

/** Selects the workspace of the navigation. */
export function rememberWorkspace({ organization, name }: WorkspaceName): void {
  lastUsed.value = { organization, name };
  store('workspace', `${organization}/${name}`);
}

/** Returns all workspaces. */
export function useWorkspaces(): Resource<Workspace[]> & { retry: () => void } {
  return useResource('workspaces', () => readAll<Workspace>('v1/workspaces', 'workspaces'));
}

/** Returns whether the person may launch runs in any workspace. */
export function useMayLaunch(): boolean {
  return useWorkspaces().data?.some((one) => may(one, 'runs:launch')) === true;
}

/** Returns the title of a workspace, ORGANIZATION/NAME. */
export function titleOf({ organization, name }: WorkspaceName): string {
  return `${organization}/${name}`;
}

/** Whether the caller has a permission on an object of the API. */
export function may(
  object: { readonly permissions?: readonly Permission[] } | undefined,
  permission: Permission,
): boolean {
  return object?.permissions?.includes(permission) ?? false;
}
