import type { ExpressionBuilder, Selectable } from 'kysely';
import { nameOfScope, type SecretScope } from '../access/scopes.ts';
import { notFoundError } from '../contract/not-found.ts';
import { pageOf, readCursor, type Page, type PageRequest } from '../contract/page.ts';
import type { Secret } from '../contract/types.ts';
import type { Queries } from '../ledger/ledger.ts';
import type { Tables } from '../ledger/tables.ts';

/** Lists the secrets of a scope by name, without values. */
export async function listSecrets(db: Queries, scope: SecretScope): Promise<Secret[]> {
  const rows = await selectSecrets(db, scope).execute();
  return rows.map((row) => describeSecret(scope.kind, row));
}

/** Lists a page of the secrets of a scope by name. Throws `cursor-invalid`. */
export async function pageOfSecrets(
  db: Queries,
  scope: SecretScope,
  { limit, cursor }: PageRequest,
): Promise<Page<Secret>> {
  const collection = `secrets of ${scope.id}`;
  const [after = ''] = readCursor(collection, cursor, ['string']) ?? [];
  const rows = await selectSecrets(db, scope)
    .where('name', '>', after)
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(collection, rows, limit, ({ name }) => [name]);
  return { items: items.map((row) => describeSecret(scope.kind, row)), ...next };
}

/** Returns the metadata of a secret. Throws `secret-not-found`. */
export async function findSecret(db: Queries, scope: SecretScope, name: string): Promise<Secret> {
  const row = await selectSecrets(db, scope).where('name', '=', name).executeTakeFirst();
  if (row !== undefined) return describeSecret(scope.kind, row);
  const among = (await selectSecrets(db, scope).execute()).map((each) => each.name);
  const detail = `There is no secret ${name} in ${nameOfScope(scope)}.`;
  throw notFoundError('secret-not-found', detail, { name, among });
}

/** Returns the entity tag of a secret, or undefined if there is none. A version number is never reused for a name. */
export async function tagOf(db: Queries, scope: SecretScope, name: string): Promise<string | undefined> {
  const row = await selectSecrets(db, scope).where('name', '=', name).executeTakeFirst();
  return row === undefined ? undefined : tagOfVersion(row.version);
}

/** Returns the entity tag of a version of a secret. */
export function tagOfVersion(version: number): string {
  return String(version);
}

function selectSecrets(db: Queries, scope: SecretScope) {
  return db
    .selectFrom('secrets')
    .selectAll()
    .select(whoUpdated)
    .where('scope_id', '=', scope.id)
    .orderBy('name');
}

/** Selects the principal who set the newest version. */
export function whoUpdated(secrets: ExpressionBuilder<Tables, 'secrets'>) {
  return secrets
    .selectFrom('secret_history')
    .select('set_by')
    .whereRef('secret_history.scope_id', '=', 'secrets.scope_id')
    .whereRef('secret_history.name', '=', 'secrets.name')
    .whereRef('secret_history.version', '=', 'secrets.version')
    .as('updated_by');
}

/** A row of a secret with the principal who set its newest version. */
type SecretRow = Selectable<Tables['secrets']> & { readonly updated_by: string | null };

/** Describes a secret as the contract shows it. */
export function describeSecret(kind: SecretScope['kind'], row: SecretRow): Secret {
  return {
    name: row.name,
    scope: kind,
    version: row.version,
    dateCreated: row.created_at,
    lastUpdated: row.updated_at,
    updatedBy: row.updated_by,
    lastUsed: row.last_used_at,
    lastUsedBy: row.last_used_by,
    lastUsedProcess: row.last_used_process,
  };
}
