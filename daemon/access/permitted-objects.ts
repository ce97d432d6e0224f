import { sql, type Expression, type SqlBool } from 'kysely';
import type { OrganizationRole, Permission, Role, Workspace } from '../contract/types.ts';
import type { Queries } from '../ledger/ledger.ts';
import { policy } from './policy.ts';
import type { TeamPrincipal } from './principal.ts';
import { effectiveRole } from './roles.ts';

/** The columns from which `roleOfRow` derives the role. */
interface RoleRow {
  readonly visibility: Workspace['visibility'] | null;
  readonly person_id: string | null;
  readonly organization_role: OrganizationRole | null;
  readonly member_role: Role | null;
}

/**
 * Returns the query of the workspaces in which a principal has a permission because of its role. Lists are filtered with it, so
 * that neither rows nor cursors nor counts show other workspaces. The scopes of the token are checked before: they do not depend
 * on the workspace.
 */
export function permittedWorkspaces(db: Queries, by: TeamPrincipal, permission: Permission) {
  const { roles, personal = true } = policy[permission];
  const permits = (role: Role): boolean => roles.includes(role);
  const workspaces = workspacesOf(db, by);
  if (by.kind === 'service-account')
    return workspaces.where('scopes.visibility', '!=', 'personal').where(hasRole('member_role', roles));
  return workspaces.where((where) =>
    where.and([
      where('organization_role.role', 'is not', null),
      where.or([
        where.and([
          where('scopes.visibility', '=', 'personal'),
          where('scopes.person_id', '=', by.id),
          sql.lit<SqlBool>(personal && permits('owner')),
        ]),
        where.and([
          where('scopes.visibility', '!=', 'personal'),
          where.or([
            hasRole(
              'organization_role',
              roles.filter((role) => role === 'owner' || role === 'admin'),
            ),
            hasRole('member_role', roles),
            ...(permits('launch') ? [where('scopes.visibility', '=', 'shared')] : []),
          ]),
        ]),
      ]),
    ]),
  );
}

/** Returns the titles (ORGANIZATION/NAME) of these workspaces, as runs and events refer to them. */
export function permittedTitles(db: Queries, by: TeamPrincipal, permission: Permission) {
  return permittedWorkspaces(db, by, permission).select(titleColumn.as('title'));
}

const titleColumn = sql<string>`scopes.organization || '/' || scopes.name`;

/** A workspace that a principal may see, with its role. */
export interface VisibleWorkspace {
  readonly id: string;
  readonly title: string;
  readonly visibility: Workspace['visibility'];
  readonly role: Role;
}

/** Returns those of the workspaces with these titles that a principal may see. */
async function visibleWithRoles(
  db: Queries,
  by: TeamPrincipal,
  titles: readonly string[],
): Promise<VisibleWorkspace[]> {
  const rows = await permittedWorkspaces(db, by, 'workspaces:read')
    .select([
      'scopes.id',
      titleColumn.as('title'),
      'scopes.visibility',
      'scopes.person_id',
      'organization_role.role as organization_role',
      'member_role.role as member_role',
    ])
    .where(titleColumn, 'in', titles)
    .execute();
  return rows.flatMap((row) => {
    const { id, title, visibility } = row;
    const role = roleOfRow(by, row);
    return role === undefined ? [] : [{ id, title, visibility: visibility ?? 'private', role }];
  });
}

/** Returns the workspace of this title, if the principal may see it. */
export async function findVisible(
  db: Queries,
  by: TeamPrincipal,
  title: string,
): Promise<VisibleWorkspace | undefined> {
  return (await visibleWithRoles(db, by, [title]))[0];
}

/** Returns the roles of a principal in workspaces by title, of those that it may see. */
export async function rolesByTitle(
  db: Queries,
  by: TeamPrincipal,
  titles: readonly string[],
): Promise<ReadonlyMap<string, Role>> {
  if (titles.length === 0) return new Map();
  const visible = await visibleWithRoles(db, by, titles);
  return new Map(visible.map(({ title, role }) => [title, role]));
}

/** Returns the query of the organizations in which a principal has one of the roles. */
export function permittedOrganizations(db: Queries, by: TeamPrincipal, permission: Permission) {
  const { roles } = policy[permission];
  const { token } = by;
  let query = db.selectFrom('organizations');
  // A token that is restricted to a workspace can also read the organization of that workspace, but nothing else in it.
  if (token !== undefined && token.workspaceId !== null)
    query = query
      .where('organizations.name', 'in', (inner) =>
        inner
          .selectFrom('scopes')
          .select('scopes.organization')
          .where('scopes.id', '=', token.workspaceId ?? ''),
      )
      .where(sql.lit<SqlBool>(permission === 'organizations:read'));
  return by.kind === 'service-account'
    ? query
        .where('organizations.id', '=', by.organizationId)
        .where(sql.lit<SqlBool>(roles.includes('member')))
    : query.where('organizations.id', 'in', (inner) =>
        inner
          .selectFrom('organization_members')
          .select('organization_members.organization_id')
          .where('organization_members.user_id', '=', by.id)
          .where('organization_members.role', 'in', roles as readonly OrganizationRole[]),
      );
}

/** Returns the query of all workspaces with the roles of a principal, except those that its token excludes. */
function workspacesOf(db: Queries, by: TeamPrincipal) {
  const { token } = by;
  let query = db
    .selectFrom('scopes')
    .innerJoin('organizations', 'organizations.name', 'scopes.organization')
    .leftJoin('organization_members as organization_role', (join) =>
      join
        .onRef('organization_role.organization_id', '=', 'organizations.id')
        .on('organization_role.user_id', '=', by.id),
    )
    .leftJoin('workspace_members as member_role', (join) =>
      join.onRef('member_role.scope_id', '=', 'scopes.id').on('member_role.member_id', '=', by.id),
    )
    .where('scopes.kind', '=', 'workspace');
  if (by.kind === 'service-account') query = query.where('organizations.id', '=', by.organizationId);
  if (token !== undefined && token.workspaceId !== null)
    query = query.where('scopes.id', '=', token.workspaceId);
  return query;
}

function hasRole(table: 'organization_role' | 'member_role', roles: readonly string[]): Expression<SqlBool> {
  return roles.length === 0
    ? sql<SqlBool>`1 = 0`
    : sql<SqlBool>`${sql.ref(`${table}.role`)} IN (${sql.join(roles)})`;
}

/** Returns the role that a row shows. */
function roleOfRow(by: TeamPrincipal, row: RoleRow): Role | undefined {
  if (by.kind === 'service-account')
    return row.visibility === 'personal' ? undefined : (row.member_role ?? undefined);
  return effectiveRole({
    visibility: row.visibility ?? 'private',
    isPerson: row.person_id === by.id,
    organizationRole: row.organization_role,
    memberRole: row.member_role,
  });
}
