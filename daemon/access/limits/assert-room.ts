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
  const { count, bytes } = await db
    .selectFrom('secrets')
    .innerJoin('secret_versions', (join) =>
      join
        .onRef('secret_versions.secret_id', '=', 'secrets.id')
        .onRef('secret_versions.version', '=', 'secrets.version'),
    )
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .select(sql<number>`coalesce(sum(length(sealed)), 0)`.as('bytes'))
    .where('secrets.scope_id', '=', scope.id)
    .executeTakeFirstOrThrow();
  const [countLimit, bytesLimit] =
    scope.kind === 'user'
      ? (['secretsPerUser', 'secretBytesPerUser'] as const)
      : (['secretsPerWorkspace', 'secretBytesPerWorkspace'] as const);
  if (count > limits[countLimit]) throw exceeded(scope, countLimit, limits, 'secrets');
  if (bytes > limits[bytesLimit]) throw exceeded(scope, bytesLimit, limits, 'encrypted bytes');
}

/** Returns the encrypted bytes of the newest version of a secret, or undefined without such a secret. */
export async function findSize(db: Queries, scope: SecretScope, name: string): Promise<number | undefined> {
  const found = await db
    .selectFrom('secrets')
    .innerJoin('secret_versions', (join) =>
      join
        .onRef('secret_versions.secret_id', '=', 'secrets.id')
        .onRef('secret_versions.version', '=', 'secrets.version'),
    )
    .select(sql<number>`length(sealed)`.as('bytes'))
    .where('secrets.scope_id', '=', scope.id)
    .where('secrets.name', '=', name)
    .executeTakeFirst();
  return found?.bytes;
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
