import { sql } from 'kysely';
import type { Principal } from '../access/principal.ts';
import { findUserScope } from '../access/scopes.ts';
import { pageOf, readCursor, type PageRequest } from '../contract/page.ts';
import type { Secret } from '../contract/types.ts';
import { fragmentsOf } from '../ledger/fragments.ts';
import type { Queries } from '../ledger/ledger.ts';
import { describeSecret, whoUpdated } from './list-secrets.ts';

/** A secret with the workspace that it belongs to. */
export interface FoundSecret {
  readonly secret: Secret;
  /** ORGANIZATION/NAME; null for a secret of the user. */
  readonly workspace: string | null;
}

const COLLECTION = 'secrets of all scopes';

/**
 * Searches the secrets of a principal and of all workspaces by name. The case is ignored. Without a text, returns all secrets.
 * The result is sorted by name. Throws `cursor-invalid`.
 */
export async function searchSecrets(
  db: Queries,
  by: Principal,
  { text, limit, cursor }: PageRequest & { readonly text?: string | undefined },
): Promise<{ readonly items: readonly FoundSecret[]; readonly next?: string }> {
  const own = await findUserScope(db, by);
  const after = readCursor(COLLECTION, cursor, ['string', 'string']);
  let query = db
    .selectFrom('secrets')
    .innerJoin('scopes', 'scopes.id', 'secrets.scope_id')
    .selectAll('secrets')
    .select(['scopes.kind', 'scopes.organization', 'scopes.name as workspace'])
    .select(whoUpdated)
    .where((where) => where.or([where('scopes.kind', '=', 'workspace'), where('scopes.id', '=', own.id)]));
  if (text !== undefined) query = query.where(fragmentsOf(db).contains(sql.ref('secrets.name'), text));
  if (after !== undefined)
    query = query.where(sql<boolean>`(secrets.name, secrets.id) > (${after[0]}, ${after[1]})`);
  const rows = await query
    .orderBy('secrets.name')
    .orderBy('secrets.id')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(COLLECTION, rows, limit, ({ name, id }) => [name, id]);
  return {
    items: items.map(({ kind, organization, workspace, ...row }) => ({
      secret: describeSecret(kind, row),
      workspace: kind === 'user' ? null : `${organization}/${workspace}`,
    })),
    ...next,
  };
}
