import { readAll } from '../../../api-client/read-all.ts';
import type { ComputeEnvironment, ServerEnvironment } from '../../../contract/types.ts';
import { asComputeEnvironment } from '../../../compute-envs/server-environments.ts';
import { schemaOf } from '../../../contract/validate.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { findWorkspacePlace, type Place } from '../../places.ts';

/** A compute environment of a workspace on a team server, with where it is. */
export interface PlacedEnvironment {
  /** SERVER:ORG/NAME. */
  readonly workspace: string;
  readonly environment: ComputeEnvironment;
}

/** Finds a workspace of a team server. Throws `usage` for a workspace of the daemon, whose compute environments belong to no workspace. */
export async function findServerWorkspace(context: Context, wanted: string): Promise<Place> {
  const place = await findWorkspacePlace(context, wanted);
  if (place.title !== place.own) return place;
  throw new EscrowError('usage', `Cannot use --workspace ${wanted}: the workspace is not on a team server.`, {
    hint: 'Compute environments of this daemon serve all its workspaces. Leave out --workspace.',
  });
}

/** Reads a compute environment of a workspace on a team server. Throws `compute-environment-not-found`. */
export async function readServerEnvironment(
  { client, path }: Pick<Place, 'client' | 'path'>,
  name: string,
): Promise<ComputeEnvironment> {
  return asComputeEnvironment(await client.call<ServerEnvironment>('GET', pathOf(path, name)));
}

/** Lists the compute environments of a workspace on a team server. */
export async function listServerEnvironments(place: Place): Promise<PlacedEnvironment[]> {
  const found = await readAll<ServerEnvironment>(
    place.client,
    `${place.path}/compute-envs`,
    'computeEnvironments',
  );
  return found.map((one) => ({ workspace: place.title, environment: asComputeEnvironment(one) }));
}

/** Creates a compute environment of a workspace on a team server. Throws `usage` for settings that only a daemon's compute environments have. */
export async function createServerEnvironment(
  place: Place,
  body: Readonly<Record<string, unknown>>,
): Promise<PlacedEnvironment> {
  const { properties } = schemaOf('server-environment-input.json') as { properties: object };
  for (const [key, value] of Object.entries(body)) {
    const ref = (properties as Readonly<Record<string, { readonly $ref?: string }>>)[key]?.$ref;
    const known = ref === undefined ? undefined : (schemaOf(ref) as { properties: object }).properties;
    const [foreign] =
      key in properties
        ? Object.keys(value as object).filter((one) => known !== undefined && !(one in known))
        : [key];
    if (foreign === undefined) continue;
    throw new EscrowError('usage', `Cannot set ${foreign} of a compute environment on a team server.`, {
      hint: 'An administrator of the server sets its identity in AWS in the configuration of the server.',
    });
  }
  const created = await place.client.call<ServerEnvironment>('POST', `${place.path}/compute-envs`, body);
  return { workspace: place.title, environment: asComputeEnvironment(created) };
}

/** Removes a compute environment of a workspace on a team server. Throws `in-use` while the server holds secrets in it. */
export async function removeServerEnvironment({ client, path }: Place, name: string): Promise<void> {
  await client.call('DELETE', pathOf(path, name));
}

function pathOf(path: string, name: string): string {
  return `${path}/compute-envs/${encodeURIComponent(name)}`;
}
