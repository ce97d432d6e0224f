import { randomUUID } from 'node:crypto';
import { assertPrecondition, entityTag, type Precondition } from '../contract/entity-tag.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import type { Organization } from '../contract/types.ts';
import { notFoundError } from '../contract/not-found.ts';
import { EscrowError } from '../errors.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import { count } from '../system/count.ts';
import type { Principal } from './principal.ts';

const COLLECTION = 'organizations';

/** Lists organizations by name. Throws `cursor-invalid`. */
export async function listOrganizations(
  db: Queries,
  { limit, cursor }: PageRequest,
): Promise<Page<Organization>> {
  const [after] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  let query = selectOrganizations(db);
  if (after !== undefined) query = query.where('organizations.name', '>', after);
  const rows = await query
    .orderBy('organizations.name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name }) => [name]);
  return { items: items.map(describe), ...next };
}

/** Returns the organization of this name. Throws `organization-not-found`. */
export async function getOrganization(db: Queries, name: string): Promise<Organization> {
  const found = await selectOrganizations(db).where('organizations.name', '=', name).executeTakeFirst();
  if (found !== undefined) return describe(found);
  const all = await db.selectFrom('organizations').select('name').orderBy('name').execute();
  const among = all.map((organization) => organization.name);
  throw notFoundError('organization-not-found', `There is no organization "${name}".`, { name, among });
}

/** Creates an organization. Throws `name-taken`. */
export async function createOrganization(
  ledger: Ledger,
  by: Principal,
  name: string,
  remember: Remember = rememberNothing,
): Promise<Organization> {
  return ledger.write(async (db) => {
    const inserted = await db
      .insertInto('organizations')
      .values({ id: randomUUID(), name, created_at: new Date().toISOString() })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError('name-taken', `Cannot create the organization "${name}": it already exists.`);
    await record(db, { type: 'organization.created', by: by.user, data: { name } });
    const created = await getOrganization(db, name);
    await remember(db, created);
    return created;
  });
}

/** Removes an empty organization. Throws `organization-not-found`, `precondition-failed`, and `in-use` if it has workspaces. */
export async function removeOrganization(
  ledger: Ledger,
  by: Principal,
  name: string,
  precondition: Precondition = {},
): Promise<void> {
  await ledger.write(async (db) => {
    const { workspaces, etag } = await getOrganization(db, name);
    assertPrecondition(precondition, etag, `the organization "${name}"`);
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

/** Returns the query of organizations. Callers add conditions and an order. */
function selectOrganizations(db: Queries) {
  return db
    .selectFrom('organizations')
    .leftJoin('scopes', (join) =>
      join.onRef('scopes.organization', '=', 'organizations.name').on('scopes.kind', '=', 'workspace'),
    )
    .select(({ fn }) => [
      'organizations.id',
      'organizations.name',
      'organizations.created_at',
      fn.count<number>('scopes.id').as('workspaces'),
    ])
    .groupBy('organizations.id');
}

type OrganizationRow = Awaited<ReturnType<ReturnType<typeof selectOrganizations>['execute']>>[number];

function describe({ id, name, created_at, workspaces }: OrganizationRow): Organization {
  return { name, workspaces, dateCreated: created_at, etag: entityTag(id, workspaces) };
}
