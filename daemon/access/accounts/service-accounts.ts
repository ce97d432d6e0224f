import { randomUUID } from 'node:crypto';
import { assertPrecondition, entityTag, type Precondition } from '../../contract/entity-tag.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../../contract/page.ts';
import type { ServiceAccount } from '../../contract/types.ts';
import { EscrowError } from '../../errors.ts';
import { ledgerTime } from '../../ledger/fragments.ts';
import { rememberNothing, type Remember } from '../../ledger/idempotency.ts';
import { record } from '../../ledger/journal.ts';
import type { Ledger, Queries } from '../../ledger/ledger.ts';
import { authorize } from '../authorize.ts';
import type { Principal } from '../principal.ts';

const COLLECTION = 'service accounts';

/** Lists the service accounts of an organization by name. Throws `cursor-invalid`. */
export async function listServiceAccounts(
  db: Queries,
  organization: string,
  { limit, cursor }: PageRequest,
): Promise<Page<ServiceAccount>> {
  const [after] = readCursor(COLLECTION, cursor, ['string']) ?? [];
  let query = selectAccounts(db, organization);
  if (after !== undefined) query = query.where('service_accounts.name', '>', after);
  const rows = await query
    .orderBy('service_accounts.name')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name }) => [name]);
  return { items: items.map(describe), ...next };
}

/** Creates a service account. It has no role until a workspace adds it. Throws `name-taken`, `not-permitted`. */
export async function createServiceAccount(
  ledger: Ledger,
  by: Principal,
  organization: string,
  name: string,
  remember: Remember = rememberNothing,
): Promise<ServiceAccount> {
  return ledger.write(async (db) => {
    await authorize(db, by, 'service_accounts:write', { organization });
    const { id } = await db
      .selectFrom('organizations')
      .select('id')
      .where('name', '=', organization)
      .executeTakeFirstOrThrow();
    const inserted = await db
      .insertInto('service_accounts')
      .values({
        id: randomUUID(),
        organization_id: id,
        name,
        created_at: ledgerTime(db),
        created_by: by.user,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n)
      throw new EscrowError(
        'name-taken',
        `Cannot create the service account "${organization}/${name}": it already exists.`,
      );
    await record(db, {
      type: 'service-account.created',
      by: by.user,
      data: { organization, name },
      place: organization,
    });
    const created = describe(await findServiceAccount(db, organization, name));
    await remember(db, created);
    return created;
  });
}

/**
 * Removes a service account with its tokens and roles. Its requests are refused from the next one on. Throws
 * `service-account-not-found`, `precondition-failed`, `not-permitted`.
 */
export async function removeServiceAccount(
  ledger: Ledger,
  by: Principal,
  organization: string,
  name: string,
  precondition: Precondition = {},
): Promise<void> {
  await ledger.write(async (db) => {
    await authorize(db, by, 'service_accounts:write', { organization });
    const row = await findServiceAccount(db, organization, name);
    assertPrecondition(precondition, describe(row).etag, `the service account "${organization}/${name}"`);
    await db.deleteFrom('tokens').where('service_account_id', '=', row.id).execute();
    await db.deleteFrom('workspace_members').where('member_id', '=', row.id).execute();
    await db.deleteFrom('service_accounts').where('id', '=', row.id).execute();
    await record(db, {
      type: 'service-account.removed',
      by: by.user,
      data: { organization, name },
      place: organization,
    });
  });
}

/** Finds a service account of an organization by name. Throws `service-account-not-found`. */
export async function findServiceAccount(db: Queries, organization: string, name: string): Promise<Row> {
  const found = await selectAccounts(db, organization)
    .where('service_accounts.name', '=', name)
    .executeTakeFirst();
  if (found !== undefined) return found;
  throw new EscrowError(
    'service-account-not-found',
    `There is no service account "${organization}/${name.slice(0, 80)}".`,
  );
}

function selectAccounts(db: Queries, organization: string) {
  return db
    .selectFrom('service_accounts')
    .innerJoin('organizations', 'organizations.id', 'service_accounts.organization_id')
    .selectAll('service_accounts')
    .select('organizations.name as organization')
    .where('organizations.name', '=', organization);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectAccounts>['execute']>>[number];

function describe({ id, organization, name, created_at, created_by }: Row): ServiceAccount {
  return { organization, name, dateCreated: created_at, createdBy: created_by, etag: entityTag(id) };
}
