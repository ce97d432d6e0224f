import { sql } from 'kysely';
import { permittedWorkspaces } from '../access/permitted-objects.ts';
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
 * Searches the secrets of a principal and of all workspaces that it may see by name. The case is ignored. Without a text, returns all secrets.
 * The result is sorted by name. Throws `cursor-invalid`.
 */
export async function searchSecrets(
  db: Queries,
  by: Principal,
  { text, limit, cursor }: PageRequest & { readonly text?: string | undefined },
): Promise<{ readonly items: readonly FoundSecret[]; readonly next?: string }> {
  const own = await ownScopeId(db, by);
  const after = readCursor(COLLECTION, cursor, ['string', 'string']);
  let query = db
    .selectFrom('secrets')
    .innerJoin('scopes', 'scopes.id', 'secrets.scope_id')
    .selectAll('secrets')
    .select(['scopes.kind', 'scopes.organization', 'scopes.name as workspace'])
    .select(whoUpdated)
    .where((where) =>
      where.or([
        by.kind === 'machine'
          ? where('scopes.kind', '=', 'workspace')
          : where(
              'scopes.id',
              'in',
              permittedWorkspaces(db, by, 'pipeline_secrets:read').select('scopes.id as id'),
            ),
        where('scopes.id', '=', own),
      ]),
    );
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

/** Returns the id of the own scope of a principal, or '' if it has none or its token does not reach it. */
async function ownScopeId(db: Queries, by: Principal): Promise<string> {
  const isOut =
    by.kind === 'service-account' || (by.kind === 'user' && (by.token?.workspaceId ?? null) !== null);
  return isOut ? '' : (await findUserScope(db, by)).id;
}
