import type { SecretScope } from '../../access/scopes.ts';
import type { VaultExport } from '../../contract/types.ts';
import { adoptNumericId } from '../../ledger/adopt-numeric-id.ts';
import type { Queries } from '../../ledger/ledger.ts';
import type { SecretValue } from '../secret-value.ts';

type ExportedScope = VaultExport['scopes'][number];

/** Secrets of an export for one scope. */
export interface ImportedScope {
  readonly scope: SecretScope;
  readonly values: ReadonlyMap<string, SecretValue>;
  /** The numeric ids that they had where they were exported, by name. */
  readonly numericIds: ReadonlyMap<string, number>;
}

/** Returns the numeric ids of the secrets of an exported scope, by name. Older exports have none. */
export function numericIdsOf({ secrets }: ExportedScope): ReadonlyMap<string, number> {
  return new Map(
    secrets.flatMap(({ name, numericId }) => (numericId === undefined ? [] : [[name, numericId] as const])),
  );
}

/**
 * Gives a scope and its organization the numeric ids that they had where they were exported, as long as they have no secrets:
 * later, clients can already use the present ids.
 */
export async function adoptScopeIds(
  db: Queries,
  scope: SecretScope,
  { numericId, organizationNumericId }: ExportedScope,
): Promise<void> {
  if (numericId !== undefined && !(await hasSecrets(db, [scope.id])))
    await adoptNumericId(db, 'scopes', scope.id, numericId);
  if (scope.kind === 'user' || organizationNumericId === undefined) return;
  const organization = await db
    .selectFrom('organizations')
    .select('id')
    .where('name', '=', scope.organization)
    .executeTakeFirstOrThrow();
  const workspaces = await db
    .selectFrom('scopes')
    .select('id')
    .where('kind', '=', 'workspace')
    .where('organization', '=', scope.organization)
    .execute();
  const isUsed = await hasSecrets(
    db,
    workspaces.map(({ id }) => id),
  );
  if (!isUsed) await adoptNumericId(db, 'organizations', organization.id, organizationNumericId);
}

async function hasSecrets(db: Queries, scopeIds: readonly string[]): Promise<boolean> {
  const row = await db
    .selectFrom('secrets')
    .select('id')
    .where('scope_id', 'in', scopeIds)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
