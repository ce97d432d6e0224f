import type { RawBuilder } from 'kysely';
import type { Principal } from '../access/principal.ts';
import type { SecretScope } from '../access/scopes.ts';
import { pageOf, readCursor, type PageRequest } from '../contract/page.ts';
import type { SecretHistory } from '../contract/types.ts';
import { ledgerTime } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';

/** A version of a name in a scope. */
interface Version {
  readonly scopeId: string;
  readonly name: string;
  readonly version: number;
}

/** Records who set versions in a scope. Call it in the transaction that stores the versions. */
export async function recordSet(
  db: Queries,
  versions: readonly Pick<Version, 'name' | 'version'>[],
  { scopeId, by, at }: { readonly scopeId: string; readonly by: Principal; readonly at: RawBuilder<string> },
): Promise<void> {
  await db
    .insertInto('secret_history')
    .values(
      versions.map(({ name, version }) => ({
        ...{ scope_id: scopeId, name, version, set_at: at, set_by: by.user },
        ...{ removed_at: null, removed_by: null },
      })),
    )
    .execute();
}

/** Records who removed the secret whose newest version this is. Call it in the transaction that removes the secret. */
export async function recordRemoval(
  db: Queries,
  { scopeId, name, version }: Version,
  by: Principal,
): Promise<void> {
  await db
    .updateTable('secret_history')
    .set({ removed_at: ledgerTime(db), removed_by: by.user })
    .where('scope_id', '=', scopeId)
    .where('name', '=', name)
    .where('version', '=', version)
    .execute();
}

/** Lists the versions that a name has had in a scope, newest first, also after the removal of the secret. Throws `cursor-invalid`. */
export async function listHistory(
  db: Queries,
  scope: SecretScope,
  name: string,
  { limit, cursor }: PageRequest,
): Promise<SecretHistory> {
  const collection = `history of ${scope.id} ${name}`;
  const [before = Number.MAX_SAFE_INTEGER] = readCursor(collection, cursor, ['number']) ?? [];
  const rows = await db
    .selectFrom('secret_history')
    .selectAll()
    .where('scope_id', '=', scope.id)
    .where('name', '=', name)
    .where('version', '<', before)
    .orderBy('version', 'desc')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(collection, rows, limit, ({ version }) => [version]);
  return {
    versions: items.map(({ version, set_at, set_by, removed_at, removed_by }) => ({
      version,
      setAt: set_at,
      setBy: set_by,
      removedAt: removed_at,
      removedBy: removed_by,
    })),
    ...next,
  };
}
