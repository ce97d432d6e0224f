import type { OrganizationRole, Role, Workspace } from '../contract/types.ts';

/** The roles of workspaces, the highest first. */
const ROLES: readonly Role[] = ['owner', 'admin', 'maintain', 'launch', 'view'];
/** The roles of organizations, the highest first. */
export const ORGANIZATION_ROLES: readonly OrganizationRole[] = ['owner', 'admin', 'member'];

/** The data from which the role of a principal in a workspace is derived. */
export interface RoleParts {
  readonly visibility: Workspace['visibility'];
  /** Whether it is the personal workspace of this principal. */
  readonly isPerson: boolean;
  /** The role in the organization of the workspace; null for service accounts and for people who are not in it. */
  readonly organizationRole: OrganizationRole | null;
  /** The role that the workspace itself gives; null: none. */
  readonly memberRole: Role | null;
}

/** Returns the role of a user in a workspace, which is the highest of those that they have. Undefined: none. */
export function effectiveRole({
  visibility,
  isPerson,
  organizationRole,
  memberRole,
}: RoleParts): Role | undefined {
  if (organizationRole === null) return undefined;
  if (visibility === 'personal') return isPerson ? 'owner' : undefined;
  const inherited =
    organizationRole === 'member' ? (visibility === 'shared' ? 'launch' : undefined) : organizationRole;
  return ROLES.find((role) => role === inherited || role === memberRole);
}

/** Whether one role of workspaces is as high as another one, or higher. */
export function isAtLeast(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(other);
}

/** Whether one role of organizations is as high as another one, or higher. */
export function isAtLeastInOrganization(role: OrganizationRole, other: OrganizationRole): boolean {
  return ORGANIZATION_ROLES.indexOf(role) <= ORGANIZATION_ROLES.indexOf(other);
}

/** Returns the roles that a principal with a role may assign in a workspace, if it may change members. */
export function assignableRoles(own: Role): Role[] {
  return ROLES.filter((role) => isAtLeast(own, role));
}

/** Returns the roles that a principal with a role may assign in an organization, if it may change members. */
export function assignableInOrganization(own: OrganizationRole): OrganizationRole[] {
  return ORGANIZATION_ROLES.filter((role) => isAtLeastInOrganization(own, role));
}
