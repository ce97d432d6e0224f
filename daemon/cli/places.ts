import { existsSync } from 'node:fs';
import type { Client } from '../api-client/client.ts';
import type { StoredServer } from '../api-client/https/stored-servers.ts';
import { EscrowError } from '../errors.ts';
import type { Context } from './context.ts';

/** A workspace or an organization, and where it is. */
export interface Place {
  /** Of the daemon, or of the team server that has it. */
  readonly client: Client;
  /** Its API path. */
  readonly path: string;
  /** Its name, with the team server: `lab/rna`, `vault.example.org:lab/rna`. */
  readonly title: string;
  /** Its name without a server. */
  readonly own: string;
}

const NAMES = 'ORG and NAME have 1 to 63 lower-case letters, digits and hyphens.';

/**
 * Finds workspace [SERVER:]ORG/NAME of the daemon or of a team server. Without a team server that the user is signed in to, sends no
 * request. Throws `usage`, `workspace-ambiguous`, `server-not-stored`, `server-unreachable`.
 */
export async function findWorkspacePlace(context: Context, wanted: string): Promise<Place> {
  return findPlace(context, wanted, {
    kind: 'WORKSPACE',
    pathOf: (own) => workspacePath(own, wanted),
  });
}

/** Finds organization [SERVER:]ORG like a workspace. */
export async function findOrganizationPlace(context: Context, wanted: string): Promise<Place> {
  return findPlace(context, wanted, {
    kind: 'ORGANIZATION',
    pathOf: (own) => organizationPath(own, wanted),
  });
}

/** Returns where an organization that does not exist yet is to be created: on SERVER of SERVER:ORG, else on the daemon. */
export async function placeOfNewOrganization(
  context: Context,
  wanted: string,
): Promise<Pick<Place, 'client' | 'own'>> {
  const { LOCAL, splitTitle } = await import('../sources/find-on-servers.ts');
  const { server, own } = splitTitle(wanted);
  if (server === undefined || server === LOCAL) return { client: lazily(context), own };
  return { client: await connectTeamServer(context, server), own };
}

/**
 * Connects to the team server of a name, or to the only one that the user is signed in to. Throws `usage` if there are several, and
 * `server-not-stored`.
 */
export async function connectTeamServer(context: Context, name: string | undefined): Promise<Client> {
  const { connectStored } = await import('../api-client/https/stored-servers.ts');
  return connectStored(await findTeamServer(context, name));
}

/** Finds the team server to which `connectTeamServer` connects. */
export async function findTeamServer(context: Context, name: string | undefined): Promise<StoredServer> {
  const { readStoredServers } = await import('../api-client/https/stored-servers.ts');
  const servers = readStoredServers(context.settings.paths.serversFile);
  if (name === undefined) return onlyOne(servers);
  const { findStored } = await import('../sources/find-on-servers.ts');
  return findStored(name, servers);
}

/** What the options of a list select. */
interface Selection {
  readonly server: string | undefined;
  readonly workspace: string | undefined;
}

/**
 * Returns the client for a list that the options --server and --workspace select, and the filter for the workspace. `otherwise`: the
 * client without these options. Throws like `findWorkspacePlace` and `connectTeamServer`.
 */
export async function findListed(
  context: Context,
  { server, workspace }: Selection,
  otherwise: () => Client | Promise<Client>,
): Promise<{ readonly client: Client; readonly filter: Readonly<Record<string, string>> }> {
  if (workspace === undefined)
    return {
      client: server === undefined ? await otherwise() : await connectTeamServer(context, server),
      filter: {},
    };
  if (server !== undefined && workspace.includes(':'))
    throw new EscrowError('usage', 'Name the server either with --server or in SERVER:ORG/NAME, not both.');
  const wanted = server === undefined ? workspace : `${server}:${workspace}`;
  const { client, own } = await findWorkspacePlace(context, wanted);
  return { client, filter: { workspace: own } };
}

function onlyOne(servers: readonly StoredServer[]): StoredServer {
  const [only, ...more] = servers;
  if (only === undefined)
    throw new EscrowError('server-not-stored', 'You are not signed in to a team server.', {
      hint: 'Sign in: nf-escrow login URL',
    });
  if (more.length > 0)
    throw new EscrowError('usage', 'Cannot choose a team server: you are signed in to several.', {
      hint: `Add --server with one of: ${servers.map((one) => one.name).join(', ')}`,
    });
  return only;
}

interface Kind {
  readonly kind: 'WORKSPACE' | 'ORGANIZATION';
  /** Throws `usage` if the name is malformed. */
  readonly pathOf: (own: string) => string;
}

async function findPlace(context: Context, wanted: string, { kind, pathOf }: Kind): Promise<Place> {
  const { serversFile } = context.settings.paths;
  const onDaemon = (own: string): Place => ({ client: lazily(context), path: pathOf(own), title: own, own });
  if (!wanted.includes(':') && !existsSync(serversFile)) return onDaemon(wanted);
  // Few users have a team server.
  const [{ readStoredServers, connectStored }, finding] = await Promise.all([
    import('../api-client/https/stored-servers.ts'),
    import('../sources/find-on-servers.ts'),
  ]);
  pathOf(finding.splitTitle(wanted).own);
  const found = await finding.findOnServers(finding[kind], wanted, readStoredServers(serversFile), (own) =>
    exists(context, pathOf(own), finding[kind].notFound),
  );
  if (typeof found === 'string') return onDaemon(found);
  const { server, title: own } = found;
  return { client: connectStored(server), path: pathOf(own), title: finding.qualifiedTitle(found), own };
}

async function exists(context: Context, path: string, notFound: string): Promise<boolean> {
  try {
    await (await context.daemon()).call('GET', path);
    return true;
  } catch (error) {
    if (error instanceof EscrowError && error.code === notFound) return false;
    throw error;
  }
}

/** A client whose first call starts the daemon: after a value was read, so that no daemon starts for a command that is cancelled. */
export function lazily(context: Context): Client {
  return {
    call: async <T>(...request: Parameters<Client['call']>): Promise<T> =>
      (await context.daemon()).call<T>(...request),
  };
}

/** Returns the API path of workspace `title`, an ORG/NAME. Throws `usage` if it is malformed. `given`: what the person wrote. */
function workspacePath(title: string, given: string): string {
  const [organization, name, more] = title.split('/');
  if (organization && name && more === undefined)
    return `/v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}`;
  throw new EscrowError('usage', `Invalid workspace name ${quoted(given)}: it must be ORG/NAME.`, {
    hint: `${NAMES} List workspaces: nf-escrow workspaces list`,
  });
}

function organizationPath(title: string, given: string): string {
  if (title !== '' && !title.includes('/')) return `/v1/organizations/${encodeURIComponent(title)}`;
  throw new EscrowError('usage', `Invalid organization name ${quoted(given)}: it must be ORG.`, {
    hint: `${NAMES} List organizations: nf-escrow orgs list`,
  });
}

function quoted(given: string): string {
  return JSON.stringify(given.slice(0, 130));
}
