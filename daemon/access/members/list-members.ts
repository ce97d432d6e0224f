import { sql } from 'kysely';
import { entityTag } from '../../contract/entity-tag.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../../contract/page.ts';
import type { Member } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { SERVICE_ACCOUNT, type Principal } from '../principal.ts';
import { effectiveRole } from '../roles.ts';
import type { WorkspaceScope } from '../scopes.ts';

const COLLECTION = 'members';

/**
 * Lists the principals that have a role in a workspace, by name, with the effective role and its source. The only member of a
 * workspace of a daemon is its user. Throws `cursor-invalid`.
 */
export async function listMembers(
  db: Queries,
  by: Principal,
  scope: WorkspaceScope,
  { limit, cursor }: PageRequest,
): Promise<Page<Member>> {
  const [after = ''] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  const members =
    by.kind === 'machine'
      ? [{ user: by.user, role: 'owner', source: 'workspace', etag: entityTag(by.user, 'owner') } as const]
      : await membersOf(db, scope);
  const rows = members.filter(({ user }) => user > after).slice(0, limit + 1);
  return pageOf(COLLECTION, rows, limit, ({ user }) => [user]);
}

async function membersOf(db: Queries, scope: WorkspaceScope): Promise<Member[]> {
  const added = await addedMembers(db, scope);
  const ofUsers = new Map(added.map((row) => [row.member_id, row]));
  const users = await db
    .selectFrom('organization_members')
    .innerJoin('organizations', 'organizations.id', 'organization_members.organization_id')
    .innerJoin('users', 'users.id', 'organization_members.user_id')
    .innerJoin('scopes', (join) =>
      join.onRef('scopes.organization', '=', 'organizations.name').on('scopes.id', '=', scope.id),
    )
    .select(['users.id', 'users.name', 'organization_members.role', 'scopes.person_id'])
    .execute();
  const people = users.flatMap(({ id, name, role: organizationRole, person_id }): Member[] => {
    const own = ofUsers.get(id);
    const isPerson = person_id === id;
    const parts = { visibility: scope.visibility, isPerson, organizationRole };
    const role = effectiveRole({ ...parts, memberRole: own?.role ?? null });
    if (role === undefined) return [];
    // The tag is that of the role in the workspace, which is what a client can change.
    const etag = entityTag(id, own?.role ?? role, own?.added_at ?? organizationRole);
    const source = isPerson ? 'person' : own?.role === role ? 'workspace' : 'organization';
    return [{ user: name, role, source, etag }];
  });
  const programs = added
    .filter(({ user }) => user.startsWith(SERVICE_ACCOUNT))
    .map(({ user, role, member_id, added_at }): Member => {
      return { user, role, source: 'workspace', etag: entityTag(member_id, role, added_at) };
    });
  return [...people, ...programs].sort((one, other) => (one.user < other.user ? -1 : 1));
}

/** Returns the principals to which a workspace assigns a role. */
export async function addedMembers(db: Queries, { id }: Pick<WorkspaceScope, 'id'>) {
  return db
    .selectFrom('workspace_members')
    .leftJoin('users', 'users.id', 'workspace_members.member_id')
    .leftJoin('service_accounts', 'service_accounts.id', 'workspace_members.member_id')
    .select(['member_id', 'workspace_members.role', 'workspace_members.added_at'])
    .select(sql<string>`coalesce(users.name, ${SERVICE_ACCOUNT} || service_accounts.name)`.as('user'))
    .where('workspace_members.scope_id', '=', id)
    .execute();
}
