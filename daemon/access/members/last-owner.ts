import { EscrowError } from '../../errors.ts';
import type { Queries } from '../../ledger/ledger.ts';

/**
 * Returns the id of an organization, and locks its row: on PostgreSQL, two owners who leave at the same time would otherwise
 * not see each other.
 */
export async function lockOrganization(db: Queries, name: string): Promise<string> {
  const { id } = await db
    .updateTable('organizations')
    .set((row) => ({ name: row.ref('name') }))
    .where('name', '=', name)
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Returns whether an organization has an owner with an active account besides a user. */
export async function hasOtherOwner(db: Queries, organizationId: string, userId: string): Promise<boolean> {
  const other = await db
    .selectFrom('organization_members')
    .innerJoin('users', 'users.id', 'organization_members.user_id')
    .select('user_id')
    .where('organization_id', '=', organizationId)
    .where('role', '=', 'owner')
    .where('user_id', '!=', userId)
    .where('users.state', '=', 'active')
    .executeTakeFirst();
  return other !== undefined;
}

/**
 * Throws `last-owner` if a user is the last active owner of an organization. The message does not name it: an administrator of the
 * server may not see it.
 */
export async function assertNotLastOwner(
  db: Queries,
  user: { readonly id: string; readonly name: string },
): Promise<void> {
  const owned = await db
    .selectFrom('organization_members')
    .innerJoin('organizations', 'organizations.id', 'organization_members.organization_id')
    .select('organizations.name')
    .where('user_id', '=', user.id)
    .where('role', '=', 'owner')
    .orderBy('organizations.name') // every transaction locks them in the same order
    .execute();
  for (const { name } of owned)
    if (!(await hasOtherOwner(db, await lockOrganization(db, name), user.id)))
      throw new EscrowError(
        'last-owner',
        `Cannot suspend the user "${user.name}": they are the last active owner of an organization.`,
        {
          hint: 'Ask the user to give another member the role owner. If they cannot, an operator of the server appoints one: nf-escrow serve user invite EMAIL --user NAME --organization ORG --role owner',
        },
      );
}
