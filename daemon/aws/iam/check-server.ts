import type { DoctorCheck } from '../../contract/types.ts';
import type { AwsSession, OpenSession } from '../session/session.ts';
import { checkDeadMan } from './check-dead-man.ts';
import { checkExecutionRole } from './check-execution-role.ts';
import { principalOf } from './check-launcher.ts';
import { checkSession } from './check-session.ts';
import { probePermission } from './probe-permission.ts';
import { actions, lacking, missingOf, ok } from './report.ts';
import {
  excessOfServer,
  serverPermissions,
  type AwsPlace,
  type RequiredPermission,
} from './required-permissions.ts';
import { simulate } from './simulate.ts';

const SERVER_PERMISSIONS = 'server permissions';

/**
 * Checks with AWS what a team server needs to deliver the secrets of a workspace: its identity can create, find and delete them, and
 * the execution role can read these and no others. Actions are simulated where that is permitted, otherwise probed with requests that
 * change nothing. Never throws: a check that cannot be carried out is reported as failed.
 */
export async function checkServer(
  settings: AwsPlace,
  open: OpenSession,
  workspace: string,
): Promise<DoctorCheck[]> {
  const launcher = { owner: 'server', workspace };
  return checkSession(settings, open, async (session) => [
    ...(await checkExecutionRole(session, settings, launcher)),
    ...(await checkDeadMan(session, settings, launcher)),
    ...(await checkPermissions(session, settings, workspace)),
  ]);
}

async function checkPermissions(
  session: AwsSession,
  settings: AwsPlace,
  workspace: string,
): Promise<DoctorCheck[]> {
  const needs = serverPermissions(settings, workspace);
  const excess = excessOfServer(settings, workspace);
  // The ARN of a session omits the path of its role.
  const who = settings.assumeRole ?? principalOf(session.identity.arn);
  const permitted = await simulate(session, who, [...needs, ...excess]).catch(() => undefined);
  const missing = missingOf(needs, permitted);
  if (missing === undefined) return probe(session, settings, workspace, needs, who);
  const checks =
    missing.length === 0
      ? [ok(SERVER_PERMISSIONS, `can create, find and delete the secrets of ${workspace} (simulated)`)]
      : lacking(SERVER_PERMISSIONS, who, missing, 'server');
  for (const tooMuch of excess.filter((need) => permitted?.has(need)))
    checks.push({
      name: SERVER_PERMISSIONS,
      state: 'warning',
      found: `${who} is also allowed ${tooMuch.action} on ${tooMuch.resource}, which a server never needs`,
      remedy:
        'Replace the policy that allows it with secrets-policy-server.json of nf-escrow iam render --server.',
    });
  return checks;
}

/** AWS does not permit the simulation: sends requests for objects that do not exist. */
async function probe(
  session: AwsSession,
  settings: AwsPlace,
  workspace: string,
  needs: readonly RequiredPermission[],
  who: string,
): Promise<DoctorCheck[]> {
  const place = { ...settings, queue: 'nf-escrow-none' };
  const launcher = { owner: 'server', workspace };
  const results = new Map<RequiredPermission, string>();
  for (const need of needs)
    results.set(
      need,
      await probePermission(session, place, launcher, need.action).catch(() => 'unknown' as const),
    );
  const of = (wanted: string): RequiredPermission[] => needs.filter((need) => results.get(need) === wanted);
  const [allowed, denied, unknown] = [of('allowed'), of('denied'), of('unknown')];
  const checks: DoctorCheck[] = [];
  if (allowed.length > 0) checks.push(ok(SERVER_PERMISSIONS, `allowed: ${actions(allowed)} (probed)`));
  if (denied.length > 0) checks.push(...lacking(SERVER_PERMISSIONS, who, denied, 'server'));
  if (unknown.length > 0)
    checks.push({
      name: SERVER_PERMISSIONS,
      state: 'warning',
      found: `cannot check ${actions(unknown)} without iam:SimulatePrincipalPolicy`,
      remedy: `Allow iam:SimulatePrincipalPolicy on ${who} and check again.`,
    });
  return checks;
}
