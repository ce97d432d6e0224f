import { randomUUID } from 'node:crypto';
import type { Organization } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/open.ts';
import { count } from '../system/count.ts';
import type { Principal } from './principal.ts';

/** Lists organizations by name. */
export async function listOrganizations(db: Queries): Promise<Organization[]> {
  const rows = await db
    .selectFrom('organizations')
    .leftJoin('scopes', (join) =>
      join.onRef('scopes.organization', '=', 'organizations.name').on('scopes.kind', '=', 'workspace'),
    )
    .select(({ fn }) => [
      'organizations.name',
      'organizations.created_at',
      fn.count<number>('scopes.id').as('workspaces'),
    ])
    .groupBy('organizations.name')
    .orderBy('organizations.name')
    .execute();
  return rows.map(({ name, workspaces, created_at }) => ({ name, workspaces, dateCreated: created_at }));
}

/** Returns the organization of this name. Throws `organization-not-found`. */
export async function getOrganization(db: Queries, name: string): Promise<Organization> {
  const found = (await listOrganizations(db)).find((organization) => organization.name === name);
  if (found !== undefined) return found;
  throw new EscrowError('organization-not-found', `There is no organization "${name}".`);
}

/** Creates an organization. Throws `name-taken`. */
export async function createOrganization(ledger: Ledger, by: Principal, name: string): Promise<Organization> {
  await ledger.write(async (db) => {
    const inserted = await db
      .insertInto('organizations')
      .values({ id: randomUUID(), name, created_at: new Date().toISOString() })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError('name-taken', `Cannot create the organization "${name}": it already exists.`);
    await record(db, { type: 'organization.created', by: by.user, data: { name } });
  });
  return getOrganization(ledger.db, name);
}

/** Removes an empty organization. Throws `organization-not-found`, and `in-use` if it has workspaces. */
export async function removeOrganization(ledger: Ledger, by: Principal, name: string): Promise<void> {
  await ledger.write(async (db) => {
    const { workspaces } = await getOrganization(db, name);
    if (workspaces > 0)
      throw new EscrowError(
        'in-use',
        `Cannot remove the organization "${name}": it has ${count(workspaces, 'workspace')}.`,
        { hint: 'Remove its workspaces first: nf-escrow workspaces remove ORG/NAME' },
      );
    await db.deleteFrom('organizations').where('name', '=', name).execute();
    await record(db, { type: 'organization.removed', by: by.user, data: { name } });
  });
}
