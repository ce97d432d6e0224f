import type { Queries } from '../../ledger/ledger.ts';
import { keyOf, type Principal } from '../principal.ts';
import { nameOfScope, type SecretScope } from '../scopes.ts';
import { countRate } from './count-rate.ts';
import type { TeamLimits } from './team-limits.ts';

/**
 * Counts changes of secrets of a scope, for the principal and for the scope. Call it in the transaction of the change. `now`: the clock
 * of the ledger. Throws `limit-exceeded`.
 */
export async function countChanges(
  db: Queries,
  limits: TeamLimits,
  now: number,
  { by, scope, amount }: { readonly by: Principal; readonly scope: SecretScope; readonly amount: number },
): Promise<void> {
  if (amount === 0) return;
  const common = { amount, detail: `Cannot change secrets in ${nameOfScope(scope)}` };
  await countRate(db, limits, now, { ...common, subject: keyOf(by), limit: 'changesPerMinute' });
  await countRate(db, limits, now, { ...common, subject: scope.id, limit: 'workspaceChangesPerMinute' });
}
