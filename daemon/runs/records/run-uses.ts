import { sql } from 'kysely';
import { pageOf, readCursor, type PageRequest } from '../../contract/page.ts';
import type { RunUseList } from '../../contract/types.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { DELIVERY } from './secret-uses.ts';

/** Lists the secrets of a run with the processes that received them. Throws `cursor-invalid`. */
export async function listRunUses(
  db: Queries,
  run: string,
  { limit, cursor }: PageRequest,
): Promise<RunUseList> {
  const collection = `uses in ${run}`;
  const after = readCursor(collection, cursor, ['string', 'string', 'string']);
  let query = db
    .selectFrom('secret_uses')
    .leftJoin('scopes', 'scopes.id', 'secret_uses.scope_id')
    .selectAll('secret_uses')
    .select('scopes.kind')
    .where('run_id', '=', run);
  if (after !== undefined)
    query = query.where(
      sql<boolean>`(secret_uses.name, scope_id, process) > (${after[0]}, ${after[1]}, ${after[2]})`,
    );
  const rows = await query
    .orderBy('secret_uses.name')
    .orderBy('scope_id')
    .orderBy('process')
    .limit(limit + 1)
    .execute();
  const { items, ...next } = pageOf(collection, rows, limit, (row) => [row.name, row.scope_id, row.process]);
  return {
    uses: items.map(({ name, kind, version, process, first_at, last_at }) => ({
      secret: name,
      scope: kind ?? 'workspace', // only workspaces are removed
      version,
      process: process === DELIVERY ? null : process,
      firstUsed: first_at,
      lastUsed: last_at,
    })),
    ...next,
  };
}
