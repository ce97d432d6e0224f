import { EscrowError } from '../../../errors.ts';
import type { Context } from '../../context.ts';

/** Which scope a command means. */
export interface ScopeOptions {
  readonly workspace?: string;
  readonly user?: boolean;
}

/** Where the API has the secrets of the scope that is meant. */
export function secretsPath(context: Context, options: ScopeOptions): string {
  if (options.user === true && options.workspace !== undefined)
    throw new EscrowError('usage', '--user and --workspace cannot stand together.');
  return options.user === true
    ? '/v1/user/secrets'
    : `${workspacePath(workspaceTitle(context, options))}/secrets`;
}

export function scopeTitle(context: Context, options: ScopeOptions): string {
  return options.user === true ? 'you' : `workspace ${workspaceTitle(context, options)}`;
}

/** Where the API has the workspace ORGANIZATION/NAME. Throws `usage` for what can be no title of one. */
export function workspacePath(title: string): string {
  const [organization, name, more] = title.split('/');
  if (!organization || !name || more !== undefined)
    throw new EscrowError('usage', `"${title}" is no workspace: its title is ORGANIZATION/NAME.`);
  return `/v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}`;
}

function workspaceTitle(context: Context, options: ScopeOptions): string {
  return options.workspace ?? context.settings.workspace;
}
