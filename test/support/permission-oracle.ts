// Decides what is permitted from the documented rules, without the code of daemon/access.
import type {
  OrganizationRole,
  Permission,
  Role,
  TokenScope,
  Workspace,
} from '../../daemon/contract/types.ts';

/** The documented rules: kind of object, the lowest role, the scope of a token, and whether personal workspaces are excluded. */
const documented: Readonly<Record<Permission, string>> = {
  'organizations:create': 'server administrator manage',
  'organizations:read': 'organization member read',
  'organizations:delete': 'organization owner manage',
  'organization_members:read': 'organization member read',
  'organization_members:write': 'organization admin manage',
  'service_accounts:read': 'organization admin read',
  'service_accounts:write': 'organization admin manage',
  'service_accounts:issue_token': 'organization admin session',
  'workspaces:create': 'organization admin manage',
  'workspaces:create_personal': 'organization member manage',
  'workspaces:read': 'workspace view read',
  'workspaces:delete': 'workspace owner manage',
  'members:read': 'workspace view read',
  'members:write': 'workspace admin manage not-personal',
  'pipeline_secrets:read': 'workspace view read',
  'pipeline_secrets:write': 'workspace maintain secrets:write not-personal',
  'releases:create': 'workspace launch launch not-personal',
  'runs:read': 'workspace view read',
  'runs:launch': 'workspace launch launch',
  'runs:manage': 'workspace launch launch',
  'runs:manage_all': 'workspace admin manage',
  'audit:read': 'workspace admin read',
  'compute_environments:read': 'workspace view read',
  'compute_environments:write': 'workspace admin manage',
  'user_secrets:read': 'self person read',
  'user_secrets:write': 'self person secrets:write',
  'tokens:read': 'self person read',
  'tokens:create': 'self person session',
  'tokens:revoke': 'self person manage',
  'approvals:create': 'self person session',
  'sessions:read': 'self person read',
  'sessions:revoke': 'self person manage',
  'users:read': 'server administrator read',
  'users:write': 'server administrator manage',
  'sign_in_links:create': 'server administrator session',
  'invitations:read': 'server administrator read',
  'invitations:create': 'server administrator session',
  'invitations:revoke': 'server administrator manage',
  'server:read': 'server administrator read',
};

const RANKS: Readonly<Record<string, number>> = {
  owner: 5,
  admin: 4,
  maintain: 3,
  launch: 2,
  view: 1,
  member: 0,
};

interface Rule {
  readonly on: string;
  readonly lowest: string;
  readonly scope: string;
  readonly notPersonal: boolean;
}

/** Returns the documented rule of a permission. */
export function documentedRule(permission: Permission): Rule {
  const [on = '', lowest = '', scope = '', personal] = documented[permission].split(' ');
  return { on, lowest, scope, notPersonal: personal === 'not-personal' };
}

export const permissions = Object.keys(documented) as Permission[];

/** Everything that a decision depends on. */
export interface Situation {
  readonly isPerson: boolean;
  /** Active account; token that is neither revoked nor expired. */
  readonly isCurrent: boolean;
  readonly isAdministrator: boolean;
  /** Null: not a member. Of a service account: its organization is this one. */
  readonly organization: OrganizationRole | 'account' | null;
  /** The role that the workspace gives. */
  readonly member: Role | null;
  readonly visibility: Workspace['visibility'];
  /** Whether the personal workspace is that of the principal. */
  readonly isOwn: boolean;
  readonly token:
    | { readonly scopes: readonly TokenScope[]; readonly reach: 'all' | 'this workspace' | 'other workspace' }
    | undefined;
}

type Verdict =
  | 'permitted'
  | 'unauthenticated'
  | 'workspace-not-found'
  | 'organization-not-found'
  | 'workspace-personal'
  | 'not-permitted';

/** Returns the rank of the role in the workspace; 0: the workspace is not visible. */
function rankIn(situation: Situation): number {
  const { organization, member, visibility, isOwn, token } = situation;
  if (token?.reach === 'other workspace') return 0;
  if (organization === null) return 0;
  if (visibility === 'personal') return isOwn && organization !== 'account' ? 5 : 0;
  const ranks = [member === null ? 0 : (RANKS[member] ?? 0)];
  if (organization === 'owner' || organization === 'admin') ranks.push(RANKS[organization] ?? 0);
  if (organization === 'member' && visibility === 'shared') ranks.push(2);
  return Math.max(...ranks);
}

/** Returns what `authorize` has to decide about a permission on the workspace, its organization, the server or the principal. */
export function oracle(situation: Situation, permission: Permission): Verdict {
  const { on, lowest, scope, notPersonal } = documentedRule(permission);
  const { isPerson, isCurrent, isAdministrator, organization, token } = situation;
  if (!isCurrent) return 'unauthenticated';
  const isRestricted = token !== undefined && token.reach !== 'all';
  const hasScope =
    token === undefined || (scope !== 'session' && (token.scopes as readonly string[]).includes(scope));
  const unrestricted = hasScope && (!isRestricted || permission === 'organizations:read');
  switch (on) {
    case 'self':
      return isPerson && unrestricted ? 'permitted' : 'not-permitted';
    case 'server':
      return isAdministrator && unrestricted ? 'permitted' : 'not-permitted';
    case 'organization': {
      // The other workspace of a restricted token belongs to another organization.
      if (organization === null || token?.reach === 'other workspace') return 'organization-not-found';
      const rank = organization === 'account' ? 0 : (RANKS[organization] ?? 0);
      return rank >= (RANKS[lowest] ?? 9) && unrestricted ? 'permitted' : 'not-permitted';
    }
    default: {
      const rank = rankIn(situation);
      if (rank === 0) return 'workspace-not-found';
      if (rank < (RANKS[lowest] ?? 9)) return 'not-permitted';
      if (notPersonal && situation.visibility === 'personal') return 'workspace-personal';
      return hasScope ? 'permitted' : 'not-permitted';
    }
  }
}
