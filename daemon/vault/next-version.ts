import { sql } from 'kysely';
import { EscrowError } from '../errors.ts';
import type { Queries } from '../ledger/open.ts';

/**
 * Takes the next version number of a name in a scope. It was never given before, also where the secret, or a workspace
 * of that name, was removed meanwhile: what a receipt or an `If-Match` names is one value for ever.
 */
export async function nextVersion(db: Queries, scopeId: string, name: string): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    INSERT INTO last_versions (kind, organization, scope, name, version)
      SELECT kind, organization, name, ${name}, 1 FROM scopes WHERE id = ${scopeId}
      ON CONFLICT (kind, organization, scope, name) DO UPDATE SET version = last_versions.version + 1
      RETURNING version`.execute(db);
  const [row] = rows;
  if (row !== undefined) return row.version;
  throw new EscrowError('workspace-not-found', `The workspace of ${name} was removed meanwhile.`);
}

/** Has the next version of a name be higher than this one, which another ledger gave. */
export async function passVersion(
  db: Queries,
  scopeId: string,
  name: string,
  version: number,
): Promise<void> {
  await sql`
    INSERT INTO last_versions (kind, organization, scope, name, version)
      SELECT kind, organization, name, ${name}, ${version} FROM scopes WHERE id = ${scopeId}
      ON CONFLICT (kind, organization, scope, name)
        DO UPDATE SET version = max(last_versions.version, excluded.version)`.execute(db);
}
