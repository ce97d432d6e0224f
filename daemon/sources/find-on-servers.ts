import { connectStored, type StoredServer } from '../api-client/https/stored-servers.ts';
import { notFoundError } from '../contract/not-found.ts';
import { EscrowError, type ErrorCode } from '../errors.ts';

/** The name that qualifies objects of the user's own ledger. */
export const LOCAL = 'local';

/** What is looked up. */
interface Kind {
  readonly noun: 'workspace' | 'organization';
  /** The error of a place that does not have it. */
  readonly notFound: ErrorCode;
  readonly list: string;
  readonly path: (own: string) => string;
}

export const WORKSPACE: Kind = {
  noun: 'workspace',
  notFound: 'workspace-not-found',
  list: 'nf-escrow workspaces list',
  path: (own) => `/v1/workspaces/${own.split('/').map(encodeURIComponent).join('/')}`,
};
export const ORGANIZATION: Kind = {
  noun: 'organization',
  notFound: 'organization-not-found',
  list: 'nf-escrow orgs list',
  path: (own) => `/v1/organizations/${encodeURIComponent(own)}`,
};

/** An object of a team server. */
export interface OnServer<T> {
  readonly server: StoredServer;
  /** Its name without the server. */
  readonly title: string;
  readonly found: T;
}

/** Splits SERVER:NAME. Without a server, `server` is undefined. */
export function splitTitle(title: string): { readonly server: string | undefined; readonly own: string } {
  const colon = title.indexOf(':');
  return colon === -1
    ? { server: undefined, own: title }
    : { server: title.slice(0, colon), own: title.slice(colon + 1) };
}

/** Returns SERVER:NAME. */
export function qualifiedTitle({ server, title }: Pick<OnServer<unknown>, 'server' | 'title'>): string {
  return `${server.name}:${title}`;
}

/**
 * Finds the object of a title, [SERVER:]NAME. Returns the name of an object of the user's own ledger, or an object of a team server. A
 * title without a server must be unambiguous: it is refused if several places have the object, and if a server that could have it does
 * not answer. `hasOwn`: whether the ledger has it.
 *
 * Throws `workspace-ambiguous`, `server-not-stored`, `server-unreachable`, `kind.notFound` and other errors of the server. A title that no
 * place has is returned as one of the ledger, whose lookup explains the error.
 */
export async function findOnServers<T>(
  kind: Kind,
  title: string,
  servers: readonly StoredServer[],
  hasOwn: (own: string) => Promise<boolean>,
): Promise<OnServer<T> | string> {
  const { server: name, own } = splitTitle(title);
  if (name === LOCAL) return own;
  if (name !== undefined) {
    const found = await lookUp<T>(kind, findStored(name, servers), own);
    if (found !== undefined) return found;
    throw new EscrowError(kind.notFound, `The server ${name} has no ${kind.noun} "${own}".`, {
      hint: `List the ${kind.noun}s: ${kind.list}`,
    });
  }
  if (servers.length === 0) return own;
  const [isOwn, ...all] = await Promise.all([
    hasOwn(own),
    ...servers.map((server) => lookUp<T>(kind, server, own)),
  ]);
  const remote = all.filter((one) => one !== undefined);
  const [first] = remote;
  if (first === undefined || (isOwn && remote.length === 0)) return own;
  if (!isOwn && remote.length === 1) return first;
  const places = [...(isOwn ? [`${LOCAL}:${own}`] : []), ...remote.map(qualifiedTitle)];
  throw new EscrowError(
    'workspace-ambiguous',
    `Cannot choose ${kind.noun === 'organization' ? 'an' : 'a'} ${kind.noun} "${own}": there are several.`,
    { hint: `Use one of: ${places.join(', ')}` },
  );
}

/** Returns the server of a name. Throws `server-not-stored`. */
export function findStored(name: string, servers: readonly StoredServer[]): StoredServer {
  const found = servers.find((one) => one.name === name);
  if (found === undefined) throw notStored(name, servers);
  return found;
}

/** Creates the error for a server that is not stored. */
export function notStored(name: string, servers: readonly StoredServer[]): EscrowError {
  return notFoundError('server-not-stored', `You are not signed in to the server "${name.slice(0, 253)}".`, {
    name,
    among: servers.map((server) => server.name),
  });
}

async function lookUp<T>(kind: Kind, server: StoredServer, own: string): Promise<OnServer<T> | undefined> {
  const client = connectStored(server);
  try {
    return { server, title: own, found: await client.call<T>('GET', kind.path(own)) };
  } catch (error) {
    if (error instanceof EscrowError && error.code === kind.notFound) return undefined;
    throw error;
  } finally {
    client.close();
  }
}
