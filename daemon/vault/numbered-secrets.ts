import { titleOf, type SecretScope } from '../access/scopes.ts';
import type { Precondition } from '../contract/entity-tag.ts';
import { EscrowError } from '../errors.ts';
import { adoptNumericId } from '../ledger/adopt-numeric-id.ts';
import type { Queries } from '../ledger/ledger.ts';
import { tagOfVersion } from './list-secrets.ts';

/** A secret with its numeric id, without its value. Times are ISO 8601 in UTC. */
export interface NumberedSecret {
  readonly secretId: string;
  readonly numericId: number;
  readonly name: string;
  readonly version: number;
  readonly dateCreated: string;
  readonly lastUpdated: string;
  /** Null if it was never delivered to a run. */
  readonly lastUsed: string | null;
}

/** Lists the secrets of a scope with their numeric ids, by name. */
export async function listNumberedSecrets(db: Queries, scope: SecretScope): Promise<NumberedSecret[]> {
  return selectNumbered(db, scope).orderBy('name').execute();
}

/** Finds a secret of a scope by its numeric id. Throws `secret-not-found`. */
export async function findNumberedSecret(
  db: Queries,
  scope: SecretScope,
  numericId: number,
): Promise<NumberedSecret> {
  const found = await selectNumbered(db, scope).where('numeric_id', '=', numericId).executeTakeFirst();
  if (found !== undefined) return found;
  throw new EscrowError(
    'secret-not-found',
    `There is no secret with the id ${String(numericId)} in scope ${titleOf(scope)}.`,
  );
}

/**
 * Changes a secret by its numeric id. `change` must fail with `precondition-failed` if the secret changes meanwhile. Then the
 * secret is read again, because another secret can have its name by then. Throws `secret-not-found`.
 */
export async function changeNumberedSecret(
  db: Queries,
  scope: SecretScope,
  numericId: number,
  change: (name: string, precondition: Precondition) => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const { name, version } = await findNumberedSecret(db, scope, numericId);
    try {
      await change(name, { ifMatch: [tagOfVersion(version)] });
      return;
    } catch (error) {
      if (!(error instanceof EscrowError) || error.code !== 'precondition-failed') throw error;
    }
  }
}

/** Gives new secrets of a scope the numeric ids that they had where they were exported. Skips ids that other secrets have. */
export async function adoptNumericIds(
  db: Queries,
  scope: SecretScope,
  created: readonly string[],
  numericIds: ReadonlyMap<string, number>,
): Promise<void> {
  const rows = await db
    .selectFrom('secrets')
    .select(['id', 'name'])
    .where('scope_id', '=', scope.id)
    .execute();
  for (const { id, name } of rows) {
    const numericId = numericIds.get(name);
    if (numericId !== undefined && created.includes(name)) await adoptNumericId(db, 'secrets', id, numericId);
  }
}

function selectNumbered(db: Queries, scope: SecretScope) {
  return db
    .selectFrom('secrets')
    .where('scope_id', '=', scope.id)
    .select([
      'id as secretId',
      'numeric_id as numericId',
      'name',
      'version',
      'created_at as dateCreated',
      'updated_at as lastUpdated',
      'last_used_at as lastUsed',
    ]);
}
