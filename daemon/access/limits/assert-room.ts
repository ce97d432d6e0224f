import { sql } from 'kysely';
import { EscrowError } from '../../errors.ts';
import type { Queries } from '../../ledger/ledger.ts';
import { nameOfScope, type SecretScope } from '../scopes.ts';
import type { TeamLimits } from './team-limits.ts';

/**
 * Throws `limit-exceeded` if a scope has too many secrets or too large ones. Call it after a change that increases number or size,
 * in its transaction. It reads all secrets of the scope, so that concurrent changes of that kind are in conflict.
 */
export async function assertRoom(db: Queries, limits: TeamLimits, scope: SecretScope): Promise<void> {
  const { count, bytes } = await measureNewest(db, scope.id).executeTakeFirstOrThrow();
  const [countLimit, bytesLimit] =
    scope.kind === 'user'
      ? (['secretsPerUser', 'secretBytesPerUser'] as const)
      : (['secretsPerWorkspace', 'secretBytesPerWorkspace'] as const);
  if (count > limits[countLimit]) throw exceeded(scope, countLimit, limits, 'secrets');
  if (bytes > limits[bytesLimit]) throw exceeded(scope, bytesLimit, limits, 'encrypted bytes');
}

/** Returns the encrypted bytes of the newest versions of these secrets of a scope. A secret that does not exist has none. */
export async function sizeOfNewest(db: Queries, scopeId: string, names: readonly string[]): Promise<number> {
  const { bytes } = await measureNewest(db, scopeId)
    .where('secrets.name', 'in', names)
    .executeTakeFirstOrThrow();
  return bytes;
}

/** Returns the query of the number and the encrypted bytes of the newest versions of a scope. */
function measureNewest(db: Queries, scopeId: string) {
  return db
    .selectFrom('secrets')
    .innerJoin('secret_versions', (join) =>
      join
        .onRef('secret_versions.secret_id', '=', 'secrets.id')
        .onRef('secret_versions.version', '=', 'secrets.version'),
    )
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .select(sql<number>`coalesce(sum(length(sealed)), 0)`.as('bytes'))
    .where('secrets.scope_id', '=', scopeId);
}

function exceeded(
  scope: SecretScope,
  limit: keyof TeamLimits,
  limits: TeamLimits,
  unit: string,
): EscrowError {
  return new EscrowError(
    'limit-exceeded',
    `Cannot set secrets in ${nameOfScope(scope)}: limits.${limit} of the server permits ${String(limits[limit])} ${unit}.`,
    { hint: `Remove secrets, or ask an administrator of the server to raise limits.${limit}.` },
  );
}
