import type { Permission, Role } from '../contract/types.ts';
import type { Queries } from '../ledger/ledger.ts';
import { rolesByTitle } from './permitted-objects.ts';
import { policy, type AnyRole } from './policy.ts';
import type { Principal, TeamPrincipal } from './principal.ts';

type Resource = 'organization' | 'workspace' | 'secret' | 'run' | 'computeEnvironment';

/** The permissions that concern each kind of object. */
const concerning: Readonly<Record<Resource, readonly Permission[]>> = {
  organization: [
    'organizations:read',
    'organizations:delete',
    'organization_members:read',
    'organization_members:write',
    'service_accounts:read',
    'service_accounts:write',
    'service_accounts:issue_token',
    'workspaces:create',
    'workspaces:create_personal',
  ],
  workspace: [
    'workspaces:read',
    'workspaces:delete',
    'members:read',
    'members:write',
    'pipeline_secrets:read',
    'pipeline_secrets:write',
    'releases:create',
    'runs:read',
    'runs:launch',
    'runs:manage_all',
    'audit:read',
    'compute_environments:read',
    'compute_environments:write',
  ],
  secret: ['pipeline_secrets:read', 'pipeline_secrets:write'],
  run: ['runs:read', 'runs:manage'],
  computeEnvironment: ['compute_environments:read', 'compute_environments:write'],
};

/** Permissions that the user of a daemon does not have, because their operations need a team server. */
const OF_SERVERS: readonly Permission[] = [
  'organization_members:read',
  'organization_members:write',
  'service_accounts:read',
  'service_accounts:write',
  'service_accounts:issue_token',
  'workspaces:create_personal',
  'releases:create',
];

/** Whether the user of a daemon lacks a permission: its operations need a team server, or a daemon has its objects in no workspace. */
function isOfServers(permission: Permission, kind: Resource): boolean {
  const isOfOwnKind = kind === 'workspace' && concerning.computeEnvironment.includes(permission);
  return isOfOwnKind || OF_SERVERS.includes(permission);
}

/** Returns the permissions of a role that concern a kind of object, in the order of the policy table. */
export function permissionsOn(role: AnyRole, kind: Resource): Permission[] {
  return concerning[kind].filter((permission) => policy[permission].roles.includes(role));
}

/**
 * Returns an object with what a principal may do with it because of its role and its token. No role can set secrets in a
 * personal workspace.
 */
export function permitted<T extends object>(
  by: Principal,
  role: AnyRole,
  kind: Resource,
  resource: T,
): T & { permissions: Permission[] } {
  const isPersonal = 'visibility' in resource && resource.visibility === 'personal';
  const permissions = permissionsOn(role, kind).filter((permission) => {
    const { personal = true } = policy[permission];
    if (isPersonal && !personal) return false;
    return by.kind === 'machine' ? !isOfServers(permission, kind) : isWithinToken(by, permission);
  });
  return { ...resource, permissions };
}

/** Returns what a principal of a team server may do on the server and with its own objects. */
export function generalPermissions(by: TeamPrincipal, isAdministrator: boolean): Permission[] {
  const roles: AnyRole[] = [
    ...(by.kind === 'user' ? (['person'] as const) : []),
    ...(isAdministrator ? (['administrator'] as const) : []),
  ];
  return (Object.keys(policy) as Permission[]).filter((permission) => {
    const rule = policy[permission];
    const isGeneral = rule.on === 'server' || rule.on === 'self';
    return isGeneral && roles.some((role) => rule.roles.includes(role)) && isWithinToken(by, permission);
  });
}

/** Whether the token of a principal, if it has one, permits what its role permits. */
function isWithinToken({ token }: TeamPrincipal, permission: Permission): boolean {
  if (token === undefined) return true;
  const { scope, on } = policy[permission];
  const isInReach = token.workspaceId === null || on === 'workspace' || permission === 'organizations:read';
  return isInReach && scope !== 'session' && token.scopes.includes(scope);
}

/** Returns a function that returns the role of a principal in the workspace with a given title. */
export async function roleReader(
  db: Queries,
  by: Principal,
  titles: readonly string[],
): Promise<(title: string) => Role> {
  if (by.kind === 'machine') return () => 'owner';
  const roles = await rolesByTitle(db, by, [...new Set(titles)]);
  return (title) => roles.get(title) ?? 'view';
}
