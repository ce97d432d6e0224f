import { sql } from 'kysely';
import { EscrowError } from '../errors.ts';
import { fragmentsOf } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';

/**
 * Allocates the next version number of a name in a scope. A number is never reused, even after the secret or the
 * workspace was removed, so that a receipt or an `If-Match` always refers to the same value. Throws
 * `workspace-not-found`.
 */
export async function nextVersion(db: Queries, scopeId: string, name: string): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    INSERT INTO last_versions (kind, organization, scope, name, version)
      SELECT kind, organization, name, ${name}, 1 FROM scopes WHERE id = ${scopeId}
      ON CONFLICT (kind, organization, scope, name) DO UPDATE SET version = last_versions.version + 1
      RETURNING version`.execute(db);
  const [row] = rows;
  if (row !== undefined) return row.version;
  throw new EscrowError('workspace-not-found', `Cannot set ${name}: another request removed the workspace.`);
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
