import { assertPrecondition, entityTag, type Precondition } from '../../contract/entity-tag.ts';
import type { Member, Role } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { rememberNothing, type Remember } from '../../ledger/idempotency.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { findServiceAccount } from '../accounts/service-accounts.ts';
import { authorize } from '../authorize.ts';
import { SERVICE_ACCOUNT, type Principal } from '../principal.ts';
import { isAtLeast } from '../roles.ts';
import { titleOf, type WorkspaceScope } from '../scopes.ts';
import { assertMayGrant } from './assert-may-grant.ts';
import { addedMembers } from './list-members.ts';

/** A member and its role. */
interface Membership {
  /** User name, or `service-account:` and a name. */
  readonly user: string;
  readonly role: Role;
}

/**
 * Gives a member of the organization, or one of its service accounts, a role in a workspace. Throws `user-not-found`,
 * `service-account-not-found`, `name-taken`, `not-permitted`, `workspace-personal`.
 */
export async function addMember(
  ledger: Ledger,
  by: Principal,
  scope: WorkspaceScope,
  { user, role }: Membership,
  remember: Remember = rememberNothing,
): Promise<Member> {
  return ledger.write(async (db) => {
    assertMayGrant(await roleToChange(db, by, scope), [role], isAtLeast);
    const inserted = await db
      .insertInto('workspace_members')
      .values({
        scope_id: scope.id,
        member_id: await idOf(db, scope, user),
        role,
        added_at: ledgerTime(db),
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError(
        'name-taken',
        `Cannot add "${user}" to workspace ${titleOf(scope)}: the user or service account is already a member.`,
        { hint: `Change its role: nf-escrow members update ${titleOf(scope)} ${user} --role ROLE` },
      );
    await recordChange(db, by, 'workspace.member-added', scope, { user, role });
    const added = describe(await findMember(db, scope, user));
    await remember(db, added);
    return added;
  });
}

/** Changes the role that a workspace assigns to a member. Throws `member-not-found`, `precondition-failed`, `not-permitted`. */
export async function changeMember(
  ledger: Ledger,
  by: Principal,
  scope: WorkspaceScope,
  { user, role }: Membership,
  precondition: Precondition = {},
): Promise<Member> {
  return ledger.write(async (db) => {
    const own = await roleToChange(db, by, scope);
    const row = await findMember(db, scope, user);
    assertPrecondition(precondition, describe(row).etag, `the member "${user}"`);
    assertMayGrant(own, [role, row.role], isAtLeast);
    await db
      .updateTable('workspace_members')
      .set({ role })
      .where('scope_id', '=', scope.id)
      .where('member_id', '=', row.member_id)
      .execute();
    await recordChange(db, by, 'workspace.member-changed', scope, { user, role });
    return describe(await findMember(db, scope, user));
  });
}

/** Removes the role that a workspace assigns to a member. Throws `member-not-found`, `precondition-failed`, `not-permitted`. */
export async function removeMember(
  ledger: Ledger,
  by: Principal,
  scope: WorkspaceScope,
  user: string,
  precondition: Precondition = {},
): Promise<void> {
  await ledger.write(async (db) => {
    const own = await roleToChange(db, by, scope);
    const row = await findMember(db, scope, user);
    assertPrecondition(precondition, describe(row).etag, `the member "${user}"`);
    assertMayGrant(own, [row.role], isAtLeast);
    await db
      .deleteFrom('workspace_members')
      .where('scope_id', '=', scope.id)
      .where('member_id', '=', row.member_id)
      .execute();
    await recordChange(db, by, 'workspace.member-removed', scope, { user });
  });
}

async function roleToChange(db: Queries, by: Principal, scope: WorkspaceScope): Promise<Role> {
  const { role } = await authorize(db, by, 'members:write', { workspace: titleOf(scope) });
  return role as Role; // roles of this permission are those of workspaces
}

/** Returns the id of a member of the organization of a workspace, or of one of its service accounts. */
async function idOf(db: Queries, { organization }: WorkspaceScope, user: string): Promise<string> {
  if (user.startsWith(SERVICE_ACCOUNT))
    return (await findServiceAccount(db, organization, user.slice(SERVICE_ACCOUNT.length))).id;
  // Only members of the organization, so that the error does not show who else has an account on the server.
  const found = await db
    .selectFrom('organization_members')
    .innerJoin('organizations', 'organizations.id', 'organization_members.organization_id')
    .innerJoin('users', 'users.id', 'organization_members.user_id')
    .select('users.id')
    .where('organizations.name', '=', organization)
    .where('users.name', '=', user)
    .executeTakeFirst();
  if (found !== undefined) return found.id;
  throw new EscrowError('user-not-found', `"${user}" is not a member of the organization ${organization}.`, {
    hint: `Add the user to the organization first: nf-escrow members add ${organization} ${user} --role member`,
  });
}

async function findMember(db: Queries, scope: WorkspaceScope, user: string): Promise<Row> {
  const found = (await addedMembers(db, scope)).find((row) => row.user === user);
  if (found !== undefined) return found;
  throw new EscrowError(
    'member-not-found',
    `Workspace ${titleOf(scope)} assigns no role to "${user.slice(0, 80)}".`,
    { hint: `List the members: nf-escrow members list ${titleOf(scope)}` },
  );
}

type Row = Awaited<ReturnType<typeof addedMembers>>[number];

function describe({ user, member_id, role, added_at }: Row): Member {
  return { user, role, source: 'workspace', etag: entityTag(member_id, role, added_at) };
}

async function recordChange(
  db: Queries,
  by: Principal,
  type: string,
  scope: WorkspaceScope,
  data: { readonly user: string; readonly role?: Role },
): Promise<void> {
  await record(db, { type, by: by.user, data: { workspace: titleOf(scope), ...data } });
}
