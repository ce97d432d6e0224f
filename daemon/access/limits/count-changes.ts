import type { Ledger } from '../../ledger/ledger.ts';
import { keyOf, type Principal } from '../principal.ts';
import { nameOfScope, type SecretScope } from '../scopes.ts';
import { countRate } from './count-rate.ts';
import type { TeamLimits } from './team-limits.ts';

/**
 * Counts changes of secrets of a scope, for the principal and for the scope, before the transaction of the change. Throws
 * `limit-exceeded`.
 */
export async function countChanges(
  ledger: Ledger,
  limits: TeamLimits,
  { by, scope, amount }: { readonly by: Principal; readonly scope: SecretScope; readonly amount: number },
): Promise<void> {
  if (amount === 0) return;
  const common = { amount, detail: `Cannot change secrets in ${nameOfScope(scope)}` };
  await countRate(ledger, limits, { ...common, subject: keyOf(by), limit: 'changesPerMinute' });
  await countRate(ledger, limits, { ...common, subject: scope.id, limit: 'workspaceChangesPerMinute' });
}
