import type { AwsSettings, DoctorCheck } from '../../contract/types.ts';
import type { AwsSession } from '../session/session.ts';
import { actions, lacking, missingOf, ok } from './report.ts';
import { probePermission } from './probe-permission.ts';
import {
  excessOfLauncher,
  launcherPermissions,
  type Launcher,
  type RequiredPermission,
} from './required-permissions.ts';
import { simulate } from './simulate.ts';

const LAUNCHER_PERMISSIONS = 'launcher permissions';

/** Checks that the current identity may do what launching runs requires, and no more. */
export async function checkLauncher(
  session: AwsSession,
  settings: AwsSettings,
  launcher: Launcher,
): Promise<DoctorCheck[]> {
  const needs = launcherPermissions(settings, launcher);
  const excess = excessOfLauncher(settings, launcher);
  const { arn } = session.identity;
  const permitted = arn.endsWith(':root')
    ? new Set([...needs, ...excess])
    : await simulate(session, principalOf(arn), [...needs, ...excess]).catch(() => undefined);
  const missing = missingOf(needs, permitted);
  const results =
    missing === undefined
      ? await Promise.all(
          needs.map(async (need) => ({
            need,
            result: await probePermission(session, settings, launcher, need.action),
          })),
        )
      : needs.map((need) => ({
          need,
          result: missing.includes(need) ? ('denied' as const) : ('allowed' as const),
        }));
  const of = (wanted: string): RequiredPermission[] =>
    results.filter(({ result }) => result === wanted).map(({ need }) => need);
  const how = missing === undefined ? 'probed' : 'simulated';
  const checks: DoctorCheck[] = [];
  if (of('allowed').length > 0)
    checks.push(ok(LAUNCHER_PERMISSIONS, `allowed: ${actions(of('allowed'))} (${how})`));
  if (of('denied').length > 0) checks.push(...lacking(LAUNCHER_PERMISSIONS, arn, of('denied'), 'account'));
  if (of('unknown').length > 0)
    checks.push({
      name: LAUNCHER_PERMISSIONS,
      state: 'warning',
      found: `cannot check ${actions(of('unknown'))} without iam:SimulatePrincipalPolicy`,
      remedy: `Allow iam:SimulatePrincipalPolicy on ${arn} and check again, or run nf-escrow doctor --compute-env NAME --probe.`,
    });
  const tooMuch = excess.filter((need) => permitted?.has(need));
  if (tooMuch.length > 0)
    checks.push({
      name: LAUNCHER_PERMISSIONS,
      state: 'warning',
      found: `${arn} is also allowed ${actions(tooMuch)} on secrets of other owners' runs`,
      remedy: `Replace the policy that allows it with secrets-policy-account.json of nf-escrow iam render --owner ${launcher.owner}.`,
    });
  return checks;
}

/**
 * Returns the role of a role session: it decides what the session may do. A session's ARN omits the role's path, if
 * any.
 */
export function principalOf(arn: string): string {
  return arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');
}
