import type { DoctorCheck } from '../../contract/types.ts';
import { asEscrowError, type EscrowError } from '../../errors.ts';
import type { RequiredPermission } from './required-permissions.ts';

/** Returns a check that passed. */
export function ok(name: string, found: string): DoctorCheck {
  return { name, state: 'ok', found, remedy: null };
}

/** Returns a check that could not be carried out. */
export function failed(name: string, error: unknown): DoctorCheck {
  const known: EscrowError = asEscrowError(error);
  return { name, state: 'failure', found: known.message, remedy: known.hint };
}

/** Carries out a check. Never throws. */
export async function attempt(name: string, check: () => Promise<DoctorCheck>): Promise<DoctorCheck> {
  try {
    return await check();
  } catch (error) {
    return failed(name, error);
  }
}

/** Returns undefined where AWS does not permit the simulation. */
export function missingOf(
  needs: readonly RequiredPermission[],
  permitted: ReadonlySet<RequiredPermission> | undefined,
): RequiredPermission[] | undefined {
  return permitted === undefined ? undefined : needs.filter((need) => !permitted.has(need));
}

/** Returns the checks of an identity that lacks permissions. `holder` names the policy that grants them. */
export function lacking(
  name: string,
  who: string,
  missing: readonly RequiredPermission[],
  holder: string,
): DoctorCheck[] {
  const isOfKey = ({ action }: RequiredPermission): boolean => action.startsWith('kms:');
  const [ofKey, others] = [missing.filter(isOfKey), missing.filter((need) => !isOfKey(need))];
  const listed = (needs: readonly RequiredPermission[]): string =>
    [...new Set(needs.map(({ action, resource }) => `${action} on ${resource}`))].join(', ');
  const checks: DoctorCheck[] = [];
  if (others.length > 0)
    checks.push({
      name,
      state: 'failure',
      found: `${who} is not allowed ${listed(others)}`,
      remedy: `Attach secrets-policy-${holder}.json, which nf-escrow iam render writes, to ${who}.`,
    });
  // The key policy can grant access too, and the simulation does not include it.
  if (ofKey.length > 0)
    checks.push({
      name,
      state: 'warning',
      found: `the policies of ${who} do not allow ${listed(ofKey)}`,
      remedy: `Unless the key policy allows it, attach secrets-policy-${holder}.json of nf-escrow iam render --kms-key ARN to ${who}.`,
    });
  return checks;
}

/** Returns the distinct actions of permissions, for display. */
export function actions(needs: readonly RequiredPermission[]): string {
  return [...new Set(needs.map(({ action }) => action))].join(', ');
}
