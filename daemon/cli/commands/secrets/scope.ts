import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';

/** Options that select the scope of a command. */
export interface ScopeOptions {
  readonly workspace?: string;
  readonly user?: boolean;
}

/** Returns the API path of the secrets in the selected scope. */
export function secretsPath(context: Context, options: ScopeOptions): string {
  if (options.user === true && options.workspace !== undefined)
    throw new EscrowError('usage', '--user and --workspace cannot be combined.');
  return options.user === true
    ? '/v1/user/secrets'
    : `${workspacePath(workspaceTitle(context, options))}/secrets`;
}

export function scopeTitle(context: Context, options: ScopeOptions): string {
  return options.user === true ? 'you' : `workspace ${workspaceTitle(context, options)}`;
}

/** Returns the API path of workspace `title`, an ORG/NAME. Throws `usage` if it is malformed. */
export function workspacePath(title: string): string {
  const [organization, name, more] = title.split('/');
  if (!organization || !name || more !== undefined)
    throw new EscrowError('usage', `Invalid workspace name "${title}": it must be ORG/NAME.`);
  return `/v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}`;
}

function workspaceTitle(context: Context, options: ScopeOptions): string {
  return options.workspace ?? context.settings.workspace;
}
