import type { Permission, Role } from '../contract/types.ts';
import { policy, roleOf } from './policy.ts';
import type { Principal } from './principal.ts';

type Resource = 'organization' | 'workspace' | 'secret' | 'run' | 'computeEnvironment';

/** The permissions that concern each kind of object. */
const concerning: Readonly<Record<Resource, readonly Permission[]>> = {
  organization: ['organizations:read', 'organizations:delete', 'workspaces:create'],
  workspace: [
    'workspaces:read',
    'workspaces:delete',
    'members:write',
    'pipeline_secrets:read',
    'pipeline_secrets:write',
    'runs:read',
    'runs:launch',
    'runs:manage_all',
    'audit:read',
  ],
  secret: ['pipeline_secrets:read', 'pipeline_secrets:write'],
  run: ['runs:read', 'runs:manage'],
  computeEnvironment: ['compute_environments:read', 'compute_environments:write'],
};

/** Returns the permissions of a role that concern a kind of object, in the order of the policy table. */
export function permissionsOn(role: Role, kind: Resource): Permission[] {
  return concerning[kind].filter((permission) => policy[permission].includes(role));
}

/**
 * Returns an object with what a principal may do with it. No role can set secrets in a personal workspace.
 */
export function permitted<T extends object>(
  by: Principal,
  kind: Resource,
  resource: T,
): T & { permissions: Permission[] } {
  const permissions = permissionsOn(roleOf(by), kind);
  const keepsNoSecrets = 'visibility' in resource && resource.visibility === 'personal';
  return {
    ...resource,
    permissions: keepsNoSecrets
      ? permissions.filter((permission) => permission !== 'pipeline_secrets:write')
      : permissions,
  };
}
