import type { Permission, Role } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Principal } from './principal.ts';

/** The roles that have each permission. The only place that grants anything to a role. */
export const policy: Readonly<Record<Permission, readonly Role[]>> = {
  'organizations:read': ['owner', 'admin', 'maintain', 'launch', 'view'],
  'organizations:delete': ['owner'],
  'workspaces:create': ['owner', 'admin'],
  'workspaces:read': ['owner', 'admin', 'maintain', 'launch', 'view'],
  'workspaces:delete': ['owner'],
  'members:write': ['owner', 'admin'],
  'pipeline_secrets:read': ['owner', 'admin', 'maintain', 'launch', 'view'],
  'pipeline_secrets:write': ['owner', 'admin', 'maintain'],
  'runs:read': ['owner', 'admin', 'maintain', 'launch', 'view'],
  'runs:launch': ['owner', 'admin', 'maintain', 'launch'],
  'runs:manage': ['owner', 'admin', 'maintain', 'launch'],
  'runs:manage_all': ['owner', 'admin'],
  'audit:read': ['owner', 'admin'],
  'compute_environments:read': ['owner', 'admin', 'maintain', 'launch', 'view'],
  'compute_environments:write': ['owner', 'admin'],
};

/** Returns a principal's role in a workspace. The daemon's user owns every workspace. */
export function roleOf(_principal: Principal): Role {
  return 'owner';
}

/** Throws `not-permitted` unless the role has the permission. `what` names the workspace in the message. */
export function assertMay(role: Role, permission: Permission, what: string): void {
  if (policy[permission].includes(role)) return;
  throw new EscrowError(
    'not-permitted',
    `Permission ${permission} denied in workspace ${what}: your role is ${role}.`,
    { hint: `Ask an owner or admin for one of these roles: ${policy[permission].join(', ')}.` },
  );
}
