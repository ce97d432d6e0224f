import { assertPrecondition, entityTag, type Precondition } from '../../contract/entity-tag.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../../contract/page.ts';
import type { OrganizationMember, OrganizationRole } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { rememberNothing, type Remember } from '../../ledger/idempotency.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { findUser } from '../accounts/users.ts';
import { authorize } from '../authorize.ts';
import type { Principal } from '../principal.ts';
import { isAtLeastInOrganization } from '../roles.ts';
import { assertMayGrant } from './assert-may-grant.ts';
import { hasOtherOwner, lockOrganization } from './last-owner.ts';

const COLLECTION = 'organization members';

/** Lists the members of an organization by name. Throws `cursor-invalid`. */
export async function listOrganizationMembers(
  db: Queries,
  organization: string,
  { limit, cursor }: PageRequest,
): Promise<Page<OrganizationMember>> {
  const [after] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  let query = selectMembers(db, organization);
  if (after !== undefined) query = query.where('users.name', '>', after);
  const rows = await query
    .orderBy('users.name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name }) => [name]);
  return { items: items.map(describe), ...next };
}

/** Adds a user to an organization. Throws `user-not-found`, `name-taken`, `not-permitted`. */
export async function addOrganizationMember(
  ledger: Ledger,
  by: Principal,
  organization: string,
  { user, role }: { readonly user: string; readonly role: OrganizationRole },
  remember: Remember = rememberNothing,
): Promise<OrganizationMember> {
  return ledger.write(async (db) => {
    const own = await authorizeChange(db, by, organization);
    assertMayGrant(own, [role], isAtLeastInOrganization);
    const { id } = await findUser(db, user);
    const inserted = await db
      .insertInto('organization_members')
      .values({
        organization_id: await lockOrganization(db, organization),
        user_id: id,
        role,
        added_at: ledgerTime(db),
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError(
        'name-taken',
        `Cannot add "${user}" to ${organization}: the user is already a member.`,
      );
    await recordChange(db, by, 'organization.member-added', organization, { user, role });
    const added = describe(await findMember(db, organization, user));
    await remember(db, added);
    return added;
  });
}

/** Changes the role of a member. Throws `member-not-found`, `last-owner`, `precondition-failed`, `not-permitted`. */
export async function changeOrganizationMember(
  ledger: Ledger,
  by: Principal,
  organization: string,
  { user, role }: { readonly user: string; readonly role: OrganizationRole },
  precondition: Precondition = {},
): Promise<OrganizationMember> {
  return ledger.write(async (db) => {
    const own = await authorizeChange(db, by, organization);
    const id = await lockOrganization(db, organization);
    const row = await findMember(db, organization, user);
    assertPrecondition(precondition, describe(row).etag, `the member "${user}"`);
    assertMayGrant(own, [role, row.role], isAtLeastInOrganization);
    if (role !== 'owner') await assertOtherOwner(db, id, row, organization);
    await db
      .updateTable('organization_members')
      .set({ role })
      .where('organization_id', '=', id)
      .where('user_id', '=', row.user_id)
      .execute();
    await recordChange(db, by, 'organization.member-changed', organization, { user, role });
    return describe(await findMember(db, organization, user));
  });
}

/**
 * Removes a member, or lets a principal leave, with the roles in all workspaces of the organization. Throws `member-not-found`,
 * `last-owner`, `precondition-failed`, `not-permitted`.
 */
export async function removeOrganizationMember(
  ledger: Ledger,
  by: Principal,
  organization: string,
  user: string,
  precondition: Precondition = {},
): Promise<void> {
  await ledger.write(async (db) => {
    const isLeaving = by.kind === 'user' && by.token === undefined && by.user === user;
    // To leave, a principal needs no permission to change members, but it has to see the organization.
    const own = isLeaving
      ? ((await authorize(db, by, 'organizations:read', { organization })).role as OrganizationRole)
      : await authorizeChange(db, by, organization);
    const id = await lockOrganization(db, organization);
    const row = await findMember(db, organization, user);
    assertPrecondition(precondition, describe(row).etag, `the member "${user}"`);
    assertMayGrant(own, [row.role], isAtLeastInOrganization);
    await assertOtherOwner(db, id, row, organization);
    const workspaces = db.selectFrom('scopes').select('id').where('organization', '=', organization);
    await db
      .deleteFrom('workspace_members')
      .where('member_id', '=', row.user_id)
      .where('scope_id', 'in', workspaces)
      .execute();
    await db
      .deleteFrom('organization_members')
      .where('organization_id', '=', id)
      .where('user_id', '=', row.user_id)
      .execute();
    await recordChange(db, by, 'organization.member-removed', organization, { user });
  });
}

async function authorizeChange(db: Queries, by: Principal, organization: string): Promise<OrganizationRole> {
  const { role } = await authorize(db, by, 'organization_members:write', { organization });
  return role as OrganizationRole; // roles of this permission are those of organizations
}

/** Throws `last-owner` if a member is the only owner of an organization whose account is active. */
async function assertOtherOwner(db: Queries, id: string, row: Row, organization: string): Promise<void> {
  if (row.role === 'owner' && !(await hasOtherOwner(db, id, row.user_id)))
    throw new EscrowError(
      'last-owner',
      `Cannot remove the role owner from "${row.name}": the user is the last active owner of ${organization}.`,
    );
}

async function findMember(db: Queries, organization: string, user: string): Promise<Row> {
  const found = await selectMembers(db, organization).where('users.name', '=', user).executeTakeFirst();
  if (found !== undefined) return found;
  throw new EscrowError('member-not-found', `"${user.slice(0, 80)}" is not a member of ${organization}.`, {
    hint: `List the members: nf-escrow members list ${organization}`,
  });
}

function selectMembers(db: Queries, organization: string) {
  return db
    .selectFrom('organization_members')
    .innerJoin('organizations', 'organizations.id', 'organization_members.organization_id')
    .innerJoin('users', 'users.id', 'organization_members.user_id')
    .select(['users.name', 'organization_members.user_id', 'organization_members.role'])
    .select('organization_members.added_at')
    .where('organizations.name', '=', organization);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectMembers>['execute']>>[number];

function describe({ name, user_id, role, added_at }: Row): OrganizationMember {
  return { user: name, role, etag: entityTag(user_id, role, added_at) };
}

async function recordChange(
  db: Queries,
  by: Principal,
  type: string,
  organization: string,
  data: { readonly user: string; readonly role?: OrganizationRole },
): Promise<void> {
  await record(db, { type, by: by.user, data: { organization, ...data }, place: organization });
}
