import type { DoctorCheck } from '../../contract/types.ts';
import type { AwsSession } from '../session/session.ts';
import { attempt, failed, lacking, missingOf, ok } from './report.ts';
import { checkTrust, EXECUTION } from './check-trust.ts';
import {
  excessOfExecutionRole,
  executionRolePermissions,
  type AwsPlace,
  type Launcher,
} from './required-permissions.ts';
import { simulate } from './simulate.ts';

const EXECUTION_PERMISSIONS = 'execution role permissions';

/** Checks that ECS can assume the execution role, and that the role can read the secrets of runs and no others. */
export async function checkExecutionRole(
  session: AwsSession,
  settings: AwsPlace,
  launcher: Launcher,
): Promise<DoctorCheck[]> {
  return [
    await attempt(EXECUTION.name, () => checkTrust(session, settings.executionRole, EXECUTION)),
    ...(await checkPermissions(session, settings, launcher).catch((error: unknown) => [
      failed(EXECUTION_PERMISSIONS, error),
    ])),
  ];
}

async function checkPermissions(
  session: AwsSession,
  settings: AwsPlace,
  launcher: Launcher,
): Promise<DoctorCheck[]> {
  const needs = executionRolePermissions(settings, launcher);
  const excess = excessOfExecutionRole(settings, launcher);
  const permitted = await simulate(session, settings.executionRole, [...needs, ...excess]);
  const missing = missingOf(needs, permitted);
  if (missing === undefined)
    return [
      {
        name: EXECUTION_PERMISSIONS,
        state: 'warning',
        found: `cannot simulate the policies of ${settings.executionRole} (iam:SimulatePrincipalPolicy)`,
        remedy:
          'Run nf-escrow doctor --compute-env NAME --probe: its job fails with ResourceInitializationError if the role cannot read the secret.',
      },
    ];
  const checks =
    missing.length === 0
      ? [ok(EXECUTION_PERMISSIONS, `can read the secrets of runs in ${launcher.workspace}`)]
      : lacking(EXECUTION_PERMISSIONS, settings.executionRole, missing, 'execution-role');
  if (excess.some((need) => permitted?.has(need)))
    checks.push({
      name: EXECUTION_PERMISSIONS,
      state: 'warning',
      found: `${settings.executionRole} can read the live secrets of every workspace, and so can everyone who can pass it to a job`,
      remedy: `Use one execution role and one compute environment per workspace: nf-escrow iam render --workspace ${launcher.workspace}`,
    });
  return checks;
}
