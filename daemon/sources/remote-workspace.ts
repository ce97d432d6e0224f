import { connectStored, type StoredServer } from '../api-client/https/stored-servers.ts';
import { notFoundError } from '../contract/not-found.ts';
import type { Workspace } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';

/** A workspace of a team server. */
export interface RemoteWorkspace {
  readonly server: StoredServer;
  /** ORG/NAME. */
  readonly title: string;
  readonly visibility: Workspace['visibility'];
}

/** The name that qualifies workspaces of the user's own ledger. */
export const LOCAL = 'local';

/** Returns SERVER:ORG/NAME. */
export function qualifiedTitle({ server, title }: RemoteWorkspace): string {
  return `${server.name}:${title}`;
}

/** Splits SERVER:ORG/NAME. Without a server, `server` is undefined. */
export function splitTitle(title: string): { readonly server: string | undefined; readonly own: string } {
  const colon = title.indexOf(':');
  return colon === -1
    ? { server: undefined, own: title }
    : { server: title.slice(0, colon), own: title.slice(colon + 1) };
}

/**
 * Finds the workspace of a title. Returns the ORG/NAME of a workspace of the user's own ledger, or a workspace of a team server. A
 * title without a server must have one meaning: it is refused if several places have the workspace, and if a server that could have
 * it does not answer. `hasOwn`: whether the ledger has ORG/NAME.
 *
 * Throws `workspace-ambiguous`, `server-not-stored`, `server-unreachable` and other errors of the server. A title that no place has is
 * returned as one of the ledger, whose lookup explains the error.
 */
export async function findRemoteWorkspace(
  title: string,
  servers: readonly StoredServer[],
  hasOwn: (own: string) => Promise<boolean>,
): Promise<RemoteWorkspace | string> {
  const { server: name, own } = splitTitle(title);
  if (name === LOCAL) return own;
  if (name !== undefined) {
    const server = servers.find((one) => one.name === name);
    if (server === undefined) throw notStored(name, servers);
    const found = await lookUp(server, own);
    if (found !== undefined) return found;
    throw new EscrowError('workspace-not-found', `The server ${name} has no workspace "${own}".`, {
      hint: 'List the workspaces: nf-escrow workspaces list',
    });
  }
  if (servers.length === 0) return own;
  const [isOwn, ...found] = await Promise.all([hasOwn(own), ...servers.map((server) => lookUp(server, own))]);
  const remote = found.filter((one) => one !== undefined);
  const [first] = remote;
  if (first === undefined || (isOwn && remote.length === 0)) return own;
  if (!isOwn && remote.length === 1) return first;
  const places = [...(isOwn ? [`${LOCAL}:${own}`] : []), ...remote.map(qualifiedTitle)];
  throw new EscrowError('workspace-ambiguous', `Cannot choose a workspace "${own}": there are several.`, {
    hint: `Use one of: ${places.join(', ')}`,
  });
}

/** Creates the error for a server that is not stored. */
export function notStored(name: string, servers: readonly StoredServer[]): EscrowError {
  return notFoundError('server-not-stored', `You are not signed in to the server "${name.slice(0, 253)}".`, {
    name,
    among: servers.map((server) => server.name),
  });
}

async function lookUp(server: StoredServer, own: string): Promise<RemoteWorkspace | undefined> {
  const client = connectStored(server);
  try {
    const [organization = '', name = ''] = own.split('/').map(encodeURIComponent);
    const { visibility } = await client.call<Workspace>('GET', `/v1/workspaces/${organization}/${name}`);
    return { server, title: own, visibility };
  } catch (error) {
    const isAbsent = error instanceof EscrowError && error.code === 'workspace-not-found';
    if (isAbsent) return undefined;
    throw error;
  } finally {
    client.close();
  }
}
