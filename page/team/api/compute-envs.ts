import type { ServerEnvironment, ServerEnvironmentInput } from '../../../daemon/contract/types.ts';
import { call } from '../../api/call.ts';
import { readAll } from '../../api/read-all.ts';
import { useResource, type Loaded } from '../../api/resource.ts';
import { titleOf, type WorkspaceName } from '../../api/workspaces.ts';
import { pathOfWorkspace } from './members.ts';
import { sendChange } from './send-change.ts';

const changes = ['compute-envs/'];

/** Returns the compute environments of a workspace on the server. */
export function useServerEnvironments(workspace: WorkspaceName): Loaded<ServerEnvironment[]> {
  return useResource(`compute-envs/${titleOf(workspace)}`, () =>
    readAll<ServerEnvironment>(pathOfWorkspace(workspace, 'compute-envs'), 'computeEnvironments'),
  );
}

/** Returns a compute environment of a workspace with the permissions of the person. */
export function useServerEnvironment(workspace: WorkspaceName, name: string): Loaded<ServerEnvironment> {
  return useResource(`compute-envs/${titleOf(workspace)}/${name}`, () =>
    call<ServerEnvironment>('GET', pathOfWorkspace(workspace, 'compute-envs', name)),
  );
}

export async function createServerEnvironment(
  workspace: WorkspaceName,
  body: ServerEnvironmentInput,
): Promise<void> {
  await sendChange({ method: 'POST', path: pathOfWorkspace(workspace, 'compute-envs'), body, changes });
}

export async function removeServerEnvironment(
  workspace: WorkspaceName,
  { name, etag }: ServerEnvironment,
): Promise<void> {
  const path = pathOfWorkspace(workspace, 'compute-envs', name);
  await sendChange({ method: 'DELETE', path, etag, changes });
}
