import { existsSync } from 'node:fs';
import type { Client } from '../../../api-client/client.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';

/** Options that select the scope of a command. */
export interface ScopeOptions {
  readonly workspace?: string;
  readonly user?: boolean;
}

/** The secrets of a scope, and where they are. */
export interface SecretsPlace {
  /** Of the daemon, or of the team server that has the workspace. */
  readonly client: Client;
  /** API path of the secrets. */
  readonly path: string;
  /** Names the scope in a message: `you`, `workspace lab/rna`. */
  readonly title: string;
}

/**
 * Finds the secrets of the selected scope. Without a team server that the user is signed in to, sends no request. Throws `usage`,
 * `workspace-ambiguous`, `server-not-stored`, `server-unreachable`.
 */
export async function findSecrets(context: Context, options: ScopeOptions): Promise<SecretsPlace> {
  if (options.user === true && options.workspace !== undefined)
    throw new EscrowError('usage', '--user and --workspace cannot be combined.');
  if (options.user === true) return { client: lazily(context), path: '/v1/user/secrets', title: 'you' };
  const { client, title, path } = await findWorkspacePlace(
    context,
    options.workspace ?? context.settings.workspace,
  );
  return { client, path: `${path}/secrets`, title: `workspace ${title}` };
}

/** Finds a workspace of the daemon or of a team server. Throws like `findSecrets`. */
export async function findWorkspacePlace(context: Context, wanted: string): Promise<SecretsPlace> {
  const { serversFile } = context.settings.paths;
  if (!wanted.includes(':') && !existsSync(serversFile))
    return { client: lazily(context), path: workspacePath(wanted), title: wanted };
  // Few users have a team server.
  const [{ readStoredServers, connectStored }, { findRemoteWorkspace, qualifiedTitle, splitTitle }] =
    await Promise.all([
      import('../../../api-client/https/stored-servers.ts'),
      import('../../../sources/remote-workspace.ts'),
    ]);
  workspacePath(splitTitle(wanted).own, wanted);
  const found = await findRemoteWorkspace(wanted, readStoredServers(serversFile), (own) =>
    hasWorkspace(context, own),
  );
  if (typeof found === 'string') return { client: lazily(context), path: workspacePath(found), title: found };
  return {
    client: connectStored(found.server),
    path: workspacePath(found.title),
    title: qualifiedTitle(found),
  };
}

async function hasWorkspace(context: Context, own: string): Promise<boolean> {
  try {
    await (await context.daemon()).call('GET', workspacePath(own));
    return true;
  } catch (error) {
    if (error instanceof EscrowError && error.code === 'workspace-not-found') return false;
    throw error;
  }
}

/** A client whose first call starts the daemon: after the value was read, so that no daemon starts for a command that is cancelled. */
function lazily(context: Context): Client {
  return {
    call: async <T>(...request: Parameters<Client['call']>): Promise<T> =>
      (await context.daemon()).call<T>(...request),
  };
}

/** Returns the subject of a sentence about what a scope has. */
export function ownerOf(title: string): string {
  return title === 'you' ? 'You have' : `W${title.slice(1)} has`;
}

/** Returns the API path of workspace `title`, an ORG/NAME. Throws `usage` if it is malformed. `given`: what the person wrote. */
export function workspacePath(title: string, given = title): string {
  const [organization, name, more] = title.split('/');
  if (!organization || !name || more !== undefined)
    throw new EscrowError(
      'usage',
      `Invalid workspace name ${JSON.stringify(given.slice(0, 130))}: it must be ORG/NAME.`,
      {
        hint: 'ORG and NAME have 1 to 63 lower-case letters, digits and hyphens. List workspaces: nf-escrow workspaces list',
      },
    );
  return `/v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}`;
}
