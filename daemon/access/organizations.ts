import { randomUUID } from 'node:crypto';
import { assertPrecondition, entityTag, type Precondition } from '../contract/entity-tag.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import type { Organization } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import { rememberNothing, type Remember } from '../ledger/idempotency.ts';
import { record } from '../ledger/journal.ts';
import type { Ledger, Queries } from '../ledger/ledger.ts';
import { count } from '../system/count.ts';
import { authorize, organizationNotFound } from './authorize.ts';
import { permittedOrganizations, permittedWorkspaces } from './permitted-objects.ts';
import type { AnyRole } from './policy.ts';
import { keyOf, type Principal } from './principal.ts';
import { assertNotReserved, reserveName } from './reserved-names.ts';

const COLLECTION = 'organizations';

/** Lists the organizations that a principal may see by name, with its role in each. Throws `cursor-invalid`. */
export async function listOrganizations(
  db: Queries,
  by: Principal,
  { limit, cursor }: PageRequest,
): Promise<Page<OwnOrganization>> {
  const [after] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  let query = selectOrganizations(db, by);
  if (after !== undefined) query = query.where('organizations.name', '>', after);
  const rows = await query
    .orderBy('organizations.name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name }) => [name]);
  return { items: items.map((row) => describe(row, by)), ...next };
}

/** Returns the organization of this name with the role of a principal. Throws `organization-not-found`. */
export async function getOrganization(db: Queries, by: Principal, name: string): Promise<OwnOrganization> {
  const found = await selectOrganizations(db, by).where('organizations.name', '=', name).executeTakeFirst();
  if (found !== undefined) return describe(found, by);
  throw await organizationNotFound(db, name, by);
}

/** Creates an organization. On a team server, its creator becomes its owner. Throws `name-taken`, `not-permitted`. */
export async function createOrganization(
  ledger: Ledger,
  by: Principal,
  name: string,
  remember: Remember = rememberNothing,
): Promise<OwnOrganization> {
  return ledger.write(async (db) => {
    await authorize(db, by, 'organizations:create', 'server');
    await assertNotReserved(db, { name }, `the organization "${name}"`);
    const id = randomUUID();
    const now = ledgerTime(db);
    const inserted = await db
      .insertInto('organizations')
      .values({ id, name, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError('name-taken', `Cannot create the organization "${name}": it already exists.`);
    if (by.kind !== 'machine')
      await db
        .insertInto('organization_members')
        .values({ organization_id: id, user_id: by.id, role: 'owner', added_at: now })
        .execute();
    await record(db, { type: 'organization.created', by: by.user, data: { name }, place: name });
    const created = await getOrganization(db, by, name);
    await remember(db, created);
    return created;
  });
}

/**
 * Removes an empty organization with its members and service accounts. On a team server, its name is never used again. Throws
 * `organization-not-found`, `not-permitted`, `precondition-failed`, and `in-use` if it has workspaces.
 */
export async function removeOrganization(
  ledger: Ledger,
  by: Principal,
  name: string,
  precondition: Precondition = {},
): Promise<void> {
  await ledger.write(async (db) => {
    await authorize(db, by, 'organizations:delete', { organization: name });
    const { etag } = await getOrganization(db, by, name);
    assertPrecondition(precondition, etag, `the organization "${name}"`);
    const workspaces = await countWorkspaces(db, name);
    if (workspaces > 0)
      throw new EscrowError(
        'in-use',
        `Cannot remove the organization "${name}": it has ${count(workspaces, 'workspace')}.`,
        { hint: 'Remove its workspaces first: nf-escrow workspaces remove ORG/NAME' },
      );
    await removeAccounts(db, name);
    await db.deleteFrom('organizations').where('name', '=', name).execute();
    await reserveName(db, by, { name });
    await record(db, { type: 'organization.removed', by: by.user, data: { name }, place: name });
  });
}

/** Counts the workspaces of an organization, including personal ones that only their person sees. */
async function countWorkspaces(db: Queries, organization: string): Promise<number> {
  const { count: found } = await db
    .selectFrom('scopes')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('kind', '=', 'workspace')
    .where('organization', '=', organization)
    .executeTakeFirstOrThrow();
  return found;
}

/** Removes the members of an organization, invitations to it, and its service accounts with their tokens. */
async function removeAccounts(db: Queries, name: string): Promise<void> {
  const id = db.selectFrom('organizations').select('id').where('name', '=', name);
  const accounts = db.selectFrom('service_accounts').select('id').where('organization_id', 'in', id);
  await db.deleteFrom('tokens').where('service_account_id', 'in', accounts).execute();
  await db.deleteFrom('invitations').where('organization_id', 'in', id).execute();
  await db.deleteFrom('service_accounts').where('organization_id', 'in', id).execute();
  await db.deleteFrom('organization_members').where('organization_id', 'in', id).execute();
}

/** Returns the query of the organizations that a principal may see. Callers add conditions and an order. */
function selectOrganizations(db: Queries, by: Principal) {
  const all = db
    .selectFrom('organizations')
    .leftJoin('scopes', (join) => {
      const own = join
        .onRef('scopes.organization', '=', 'organizations.name')
        .on('scopes.kind', '=', 'workspace');
      return by.kind === 'machine'
        ? own
        : own.on('scopes.id', 'in', permittedWorkspaces(db, by, 'workspaces:read').select('scopes.id as id'));
    })
    .leftJoin('organization_members', (join) =>
      join
        .onRef('organization_members.organization_id', '=', 'organizations.id')
        .on('organization_members.user_id', '=', keyOf(by)),
    )
    .select(({ fn }) => [
      'organizations.id',
      'organizations.name',
      'organizations.created_at',
      'organization_members.role',
      fn.count<number>('scopes.id').as('workspaces'),
    ])
    .groupBy([
      'organizations.id',
      'organizations.name',
      'organizations.created_at',
      'organization_members.role',
    ]);
  return by.kind === 'machine'
    ? all
    : all.where(
        'organizations.id',
        'in',
        permittedOrganizations(db, by, 'organizations:read').select('organizations.id as id'),
      );
}

type OrganizationRow = Awaited<ReturnType<ReturnType<typeof selectOrganizations>['execute']>>[number];

/** An organization with the role of a principal, which responses contain as permissions. */
export interface OwnOrganization extends Organization {
  readonly role: AnyRole;
}

function describe(
  { id, name, workspaces, created_at, role }: OrganizationRow,
  by: Principal,
): OwnOrganization {
  const own = by.kind === 'machine' ? 'owner' : (role ?? 'member');
  return { name, workspaces, dateCreated: created_at, etag: entityTag(id, workspaces), role: own };
}
