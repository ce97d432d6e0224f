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

/** Returns the subject of a sentence about what a scope has. */
export function ownerOf(context: Context, options: ScopeOptions): string {
  return options.user === true ? 'You have' : `W${scopeTitle(context, options).slice(1)} has`;
}

/** Returns the API path of workspace `title`, an ORG/NAME. Throws `usage` if it is malformed. */
export function workspacePath(title: string): string {
  const [organization, name, more] = title.split('/');
  if (!organization || !name || more !== undefined)
    throw new EscrowError(
      'usage',
      `Invalid workspace name ${JSON.stringify(title.slice(0, 130))}: it must be ORG/NAME.`,
      {
        hint: 'ORG and NAME have 1 to 63 lower-case letters, digits and hyphens. List workspaces: nf-escrow workspaces list',
      },
    );
  return `/v1/workspaces/${encodeURIComponent(organization)}/${encodeURIComponent(name)}`;
}

function workspaceTitle(context: Context, options: ScopeOptions): string {
  return options.workspace ?? context.settings.workspace;
}
