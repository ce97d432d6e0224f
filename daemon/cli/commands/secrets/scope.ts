import type { Client } from '../../../api-client/client.ts';
import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';
import { findWorkspacePlace, lazily } from '../../places.ts';

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

/** Returns the subject of a sentence about what a scope has. */
export function ownerOf(title: string): string {
  return title === 'you' ? 'You have' : `W${title.slice(1)} has`;
}
