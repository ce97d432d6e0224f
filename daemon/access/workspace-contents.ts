import type { Queries } from '../ledger/ledger.ts';

/** What a workspace contains. No two states of a workspace have both numbers in common. */
export interface WorkspaceContents {
  /** Number of secrets, which each removal decreases. */
  readonly secrets: number;
  /** A number that each set increases. Undefined if no secret was ever set. */
  readonly changes: number | undefined;
}

/**
 * Returns a function that returns the contents of one of these workspaces, by its id. Reads the secrets of all of them at once: for one
 * workspace after the other, PostgreSQL would read the table of all secrets each time.
 */
export async function readContents(
  db: Queries,
  ids: readonly string[],
): Promise<(id: string) => WorkspaceContents> {
  if (ids.length === 0) return () => ({ secrets: 0, changes: undefined });
  const secrets = await db
    .selectFrom('secrets')
    .select(({ fn }) => ['scope_id', fn.countAll<number>().as('count')])
    .where('scope_id', 'in', ids)
    .groupBy('scope_id')
    .execute();
  const changes = await db
    .selectFrom('scopes')
    .innerJoin('last_versions', (join) =>
      join
        .on('last_versions.kind', '=', 'workspace')
        .onRef('last_versions.organization', '=', 'scopes.organization')
        .onRef('last_versions.scope', '=', 'scopes.name'),
    )
    .select(({ fn }) => ['scopes.id', fn.sum<number>('last_versions.version').as('sum')])
    .where('scopes.id', 'in', ids)
    .groupBy('scopes.id')
    .execute();
  const counts = new Map(secrets.map(({ scope_id, count }) => [scope_id, count]));
  const sums = new Map(changes.map(({ id, sum }) => [id, sum]));
  return (id) => ({ secrets: counts.get(id) ?? 0, changes: sums.get(id) });
}
