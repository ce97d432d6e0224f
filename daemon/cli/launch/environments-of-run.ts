import { existsSync } from 'node:fs';
import { readComputeEnvironments } from '../../api-client/read-compute-environments.ts';
import type { ComputeEnvironment, RunRequest } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import type { Context } from '../context.ts';

/**
 * Returns the compute environments that a request can mean: those of the daemon, and the one of the workspace on its team server. Without a
 * team server, asks the daemon only. The daemon reports the errors of the request.
 */
export async function environmentsOfRun(
  context: Context,
  { workspace, computeEnvironment }: Pick<RunRequest, 'workspace' | 'computeEnvironment'>,
): Promise<readonly ComputeEnvironment[]> {
  const own = (await readComputeEnvironments(await context.daemon())).map((one) => one);
  const name = computeEnvironment?.replace(/^local:/, '');
  if (name === undefined || workspace === undefined || own.some((one) => one.name === name))
    return name === computeEnvironment ? own : own.map((one) => ({ ...one, name: `local:${one.name}` }));
  if (!existsSync(context.settings.paths.serversFile)) return own;
  const [{ findWorkspacePlace }, { readServerEnvironment }] = await Promise.all([
    import('../places.ts'),
    import('../commands/compute-envs/server-environments.ts'),
  ]);
  try {
    const place = await findWorkspacePlace(context, workspace);
    if (place.title === place.own) return own; // of the daemon
    const found = await readServerEnvironment(place, name.slice(name.indexOf(':') + 1));
    return [...own, { ...found, name }];
  } catch (error) {
    if (error instanceof EscrowError) return own;
    throw error;
  }
}
