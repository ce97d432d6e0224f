import type { DoctorCheck } from '../../contract/types.ts';
import type { AwsSession } from '../session/session.ts';
import { attempt, failed, lacking, missingOf, ok } from './report.ts';
import { checkTrust, DEAD_MAN } from './check-trust.ts';
import { deadManRolePermissions, type AwsPlace, type Launcher } from './required-permissions.ts';
import { simulate } from './simulate.ts';

const DEAD_MAN_PERMISSIONS = "dead man's role permissions";

/** Returns no checks where the environment has no dead man's switch. */
export async function checkDeadMan(
  session: AwsSession,
  settings: AwsPlace,
  launcher: Launcher,
): Promise<DoctorCheck[]> {
  const { deadMan, deadManRole } = settings;
  if (deadMan !== true || deadManRole === undefined) return [];
  const name = DEAD_MAN_PERMISSIONS;
  const check = async (): Promise<DoctorCheck[]> => {
    const needs = deadManRolePermissions(settings, launcher);
    const missing = missingOf(needs, await simulate(session, deadManRole, needs));
    if (missing === undefined)
      return [
        {
          name,
          state: 'warning',
          found: `cannot simulate the policies of ${deadManRole} (iam:SimulatePrincipalPolicy)`,
          remedy: 'Compare its policy with the one of nf-escrow iam render --dead-man-role-name NAME.',
        },
      ];
    if (missing.length === 0) return [ok(name, 'can delete the secrets of runs')];
    return lacking(name, deadManRole, missing, 'dead-man-role');
  };
  return [
    await attempt(DEAD_MAN.name, () => checkTrust(session, deadManRole, DEAD_MAN)),
    ...(await check().catch((error: unknown) => [failed(name, error)])),
  ];
}
