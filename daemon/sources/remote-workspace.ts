import type { StoredServer } from '../api-client/https/stored-servers.ts';
import type { Workspace } from '../contract/types.ts';
import { findOnServers, WORKSPACE } from './find-on-servers.ts';

/** A workspace of a team server. */
export interface RemoteWorkspace {
  readonly server: StoredServer;
  /** ORG/NAME. */
  readonly title: string;
  readonly visibility: Workspace['visibility'];
}

/**
 * Finds the workspace of a title, [SERVER:]ORG/NAME. Returns the ORG/NAME of a workspace of the user's own ledger, or a workspace of a
 * team server. Throws like `findOnServers`.
 */
export async function findRemoteWorkspace(
  title: string,
  servers: readonly StoredServer[],
  hasOwn: (own: string) => Promise<boolean>,
): Promise<RemoteWorkspace | string> {
  const found = await findOnServers<Workspace>(WORKSPACE, title, servers, hasOwn);
  if (typeof found === 'string') return found;
  return { server: found.server, title: found.title, visibility: found.found.visibility };
}
