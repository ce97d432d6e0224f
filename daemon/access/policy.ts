import type { OrganizationRole, Permission, Role, TokenScope } from '../contract/types.ts';

/** Every role that the policy knows. `person`: a user, with regard to themselves. `administrator`: of a server's users. */
export type AnyRole = Role | OrganizationRole | 'person' | 'administrator';

/** What a permission concerns, and who has it. */
interface Rule {
  /** The kind of object on which the role is needed. `self`: the principal itself. */
  readonly on: 'workspace' | 'organization' | 'server' | 'self';
  readonly roles: readonly AnyRole[];
  /** The scope that a token needs. `session`: no token has the permission. */
  readonly scope: TokenScope | 'session';
  /** False: nobody has the permission on a personal workspace, which has no secrets and no members besides its person. */
  readonly personal?: false;
}

const ALL_MEMBERS = ['owner', 'admin', 'member'] as const;
const ALL = ['owner', 'admin', 'maintain', 'launch', 'view'] as const;
const LAUNCHERS = ['owner', 'admin', 'maintain', 'launch'] as const;
const MAINTAINERS = ['owner', 'admin', 'maintain'] as const;
const ADMINS = ['owner', 'admin'] as const;

/**
 * The only place that grants permissions to roles. A higher role has all permissions of the lower ones, so the roles of each
 * rule are the highest ones. docs/permissions.md is generated from this table.
 */
export const policy: Readonly<Record<Permission, Rule>> = {
  'organizations:create': { on: 'server', roles: ['administrator'], scope: 'manage' },
  'organizations:read': { on: 'organization', roles: ALL_MEMBERS, scope: 'read' },
  'organizations:delete': { on: 'organization', roles: ['owner'], scope: 'manage' },
  'organization_members:read': { on: 'organization', roles: ALL_MEMBERS, scope: 'read' },
  'organization_members:write': { on: 'organization', roles: ADMINS, scope: 'manage' },
  'service_accounts:read': { on: 'organization', roles: ADMINS, scope: 'read' },
  'service_accounts:write': { on: 'organization', roles: ADMINS, scope: 'manage' },
  'service_accounts:issue_token': { on: 'organization', roles: ADMINS, scope: 'session' },
  'workspaces:create': { on: 'organization', roles: ADMINS, scope: 'manage' },
  'workspaces:create_personal': { on: 'organization', roles: ALL_MEMBERS, scope: 'manage' },
  'workspaces:read': { on: 'workspace', roles: ALL, scope: 'read' },
  'workspaces:delete': { on: 'workspace', roles: ['owner'], scope: 'manage' },
  'members:read': { on: 'workspace', roles: ALL, scope: 'read' },
  'members:write': { on: 'workspace', roles: ADMINS, scope: 'manage', personal: false },
  'pipeline_secrets:read': { on: 'workspace', roles: ALL, scope: 'read' },
  'pipeline_secrets:write': { on: 'workspace', roles: MAINTAINERS, scope: 'secrets:write', personal: false },
  'releases:create': { on: 'workspace', roles: LAUNCHERS, scope: 'launch', personal: false },
  'runs:read': { on: 'workspace', roles: ALL, scope: 'read' },
  'runs:launch': { on: 'workspace', roles: LAUNCHERS, scope: 'launch' },
  'runs:manage': { on: 'workspace', roles: LAUNCHERS, scope: 'launch' },
  'runs:manage_all': { on: 'workspace', roles: ADMINS, scope: 'manage' },
  'audit:read': { on: 'workspace', roles: ADMINS, scope: 'read' },
  'compute_environments:read': { on: 'workspace', roles: ALL, scope: 'read' },
  'compute_environments:write': { on: 'workspace', roles: ADMINS, scope: 'manage' },
  'user_secrets:read': { on: 'self', roles: ['person'], scope: 'read' },
  'user_secrets:write': { on: 'self', roles: ['person'], scope: 'secrets:write' },
  'tokens:read': { on: 'self', roles: ['person'], scope: 'read' },
  'tokens:create': { on: 'self', roles: ['person'], scope: 'session' },
  'tokens:revoke': { on: 'self', roles: ['person'], scope: 'manage' },
  'approvals:create': { on: 'self', roles: ['person'], scope: 'session' },
  'sessions:read': { on: 'self', roles: ['person'], scope: 'read' },
  'sessions:revoke': { on: 'self', roles: ['person'], scope: 'manage' },
  'users:read': { on: 'server', roles: ['administrator'], scope: 'read' },
  'users:write': { on: 'server', roles: ['administrator'], scope: 'manage' },
  'sign_in_links:create': { on: 'server', roles: ['administrator'], scope: 'session' },
  'invitations:read': { on: 'server', roles: ['administrator'], scope: 'read' },
  'invitations:create': { on: 'server', roles: ['administrator'], scope: 'session' },
  'invitations:revoke': { on: 'server', roles: ['administrator'], scope: 'manage' },
  'server:read': { on: 'server', roles: ['administrator'], scope: 'read' },
};
