import { findComputeEnvironment } from '../../compute-envs/compute-environments.ts';
import { asComputeEnvironment } from '../../compute-envs/server-environments.ts';
import type { ComputeEnvironment } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { LOCAL, splitTitle } from '../../sources/find-on-servers.ts';
import type { RemoteWorkspace } from '../../sources/remote-workspace.ts';
import type { RunDependencies } from '../dependencies.ts';

/** A compute environment of a team server, which creates and removes the secrets of the run itself. */
export interface HeldEnvironment {
  readonly workspace: RemoteWorkspace;
  /** Its name on the server. */
  readonly name: string;
}

/** The compute environment of a run, and the server that it belongs to; null: it is in the ledger. */
export interface PlannedEnvironment {
  readonly environment: ComputeEnvironment;
  readonly held: HeldEnvironment | null;
}

/**
 * Finds the compute environment of a run by [SERVER:]NAME: one of the ledger, or one of the workspace on its team server. A name that both
 * have must be qualified. Throws `compute-environment-not-found`, `compute-environment-invalid`, and errors of the server.
 */
export async function findPlannedEnvironment(
  { ledger: { db }, servers }: RunDependencies,
  wanted: string | undefined,
  remote: RemoteWorkspace | null,
): Promise<PlannedEnvironment> {
  const { server, own } = wanted === undefined ? { server: undefined, own: undefined } : splitTitle(wanted);
  const isOfServer = own !== undefined && remote !== null && server !== LOCAL;
  if (server !== undefined && server !== LOCAL && server !== remote?.server.name)
    throw new EscrowError(
      'compute-environment-not-found',
      `There is no compute environment "${String(wanted)}": the workspace of the run is not on the server ${server}.`,
    );
  const found = isOfServer ? await servers.environment(remote, own) : undefined;
  if (found === undefined || remote === null || own === undefined) {
    if (server === undefined || server === LOCAL)
      return { environment: await findComputeEnvironment(db, own), held: null };
    throw new EscrowError(
      'compute-environment-not-found',
      `Workspace ${remote?.title ?? ''} has no compute environment "${own}" on the server ${server}.`,
    );
  }
  const qualified = `${remote.server.name}:${own}`;
  if (server === undefined && (await isLocal(db, own)))
    throw new EscrowError(
      'compute-environment-invalid',
      `Cannot choose a compute environment "${own}": this daemon has one, and the workspace has one on its server.`,
      { hint: `Use one of: ${LOCAL}:${own}, ${qualified}` },
    );
  return {
    environment: asComputeEnvironment(found, qualified),
    held: { workspace: remote, name: own },
  };
}

async function isLocal(db: RunDependencies['ledger']['db'], name: string): Promise<boolean> {
  const found = await db
    .selectFrom('compute_environments')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst();
  return found !== undefined;
}
