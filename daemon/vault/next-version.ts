import { sql } from 'kysely';
import { EscrowError } from '../errors.ts';
import { fragmentsOf } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';

/** The row of `meta` after whose value the versions of a new name begin. */
const FLOOR = 'version-floor';

/**
 * Allocates the next version number of each of these names in a scope. A number is never reused, even after the secret or the
 * workspace was removed, so that a receipt or an `If-Match` always refers to the same value. Throws
 * `workspace-not-found`.
 */
export async function nextVersions(
  db: Queries,
  scopeId: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const scope = await db
    .selectFrom('scopes')
    .select(['kind', 'organization', 'name as scope'])
    .where('id', '=', scopeId)
    .executeTakeFirst();
  if (scope === undefined)
    throw new EscrowError(
      'workspace-not-found',
      `Cannot set ${names[0] ?? 'secrets'}: another request removed the workspace.`,
    );
  const version = (await floorOf(db)) + 1;
  const rows = await db
    .insertInto('last_versions')
    .values(names.map((name) => ({ ...scope, name, version })))
    .onConflict((conflict) =>
      conflict
        .columns(['kind', 'organization', 'scope', 'name'])
        .doUpdateSet(({ eb }) => ({ version: eb('last_versions.version', '+', 1) })),
    )
    .returning(['name', 'version'])
    .execute();
  return new Map(rows.map((row) => [row.name, row.version]));
}

/** Raises the version counter of a name to at least `version`, which an import brings from another ledger. */
export async function passVersion(
  db: Queries,
  scopeId: string,
  name: string,
  version: number,
): Promise<void> {
  const fragments = fragmentsOf(db);
  await sql`
    INSERT INTO last_versions (kind, organization, scope, name, version)
      SELECT kind, organization, name, ${name}, ${version} FROM scopes WHERE id = ${scopeId}
      ON CONFLICT (kind, organization, scope, name)
        DO UPDATE SET version = ${fragments.larger(sql.ref('last_versions.version'), sql.ref('excluded.version'))}`.execute(
    db,
  );
}

/**
 * Raises the version counters of all names, also of those that have none yet, by a margin. After a restore from a backup, versions
 * that were allocated since the backup are then not allocated again. Call it in a transaction.
 */
export async function raiseVersions(db: Queries, margin: number): Promise<void> {
  const value = String((await floorOf(db)) + margin);
  await db
    .insertInto('meta')
    .values({ key: FLOOR, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
  await db
    .updateTable('last_versions')
    .set(({ eb }) => ({ version: eb('version', '+', margin) }))
    .execute();
}

async function floorOf(db: Queries): Promise<number> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', FLOOR).executeTakeFirst();
  return Number(row?.value ?? 0);
}
