import { sql } from 'kysely';
import type { RunName } from '../../contract/types.ts';
import { permittedTitles } from '../../access/permitted-objects.ts';
import type { Principal } from '../../access/principal.ts';
import type { Queries } from '../../ledger/ledger.ts';

/** Lists runs that a principal may see whose name or id begins with `prefix`, newest first. Reads one row per run, and nothing of its leases and tasks. */
export async function listRunNames(
  db: Queries,
  by: Principal,
  prefix: string,
  limit: number,
): Promise<RunName[]> {
  let query = db
    .selectFrom('runs')
    .select(['id', 'run_name as runName', 'state', 'outcome', 'created_at as createdAt']);
  if (by.kind !== 'machine') query = query.where('workspace', 'in', permittedTitles(db, by, 'runs:read'));
  // Not LIKE: names contain underscores, which LIKE takes for wildcards.
  const begins = (column: 'id' | 'run_name') =>
    sql<boolean>`substr(${sql.ref(column)}, 1, ${prefix.length}) = ${prefix}`;
  if (prefix !== '') query = query.where((where) => where.or([begins('id'), begins('run_name')]));
  return query.orderBy('number', 'desc').limit(limit).execute();
}
