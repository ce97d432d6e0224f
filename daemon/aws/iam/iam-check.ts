import type { AwsSettings, DoctorCheck } from '../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { accessOf } from '../session/access.ts';
import { asAwsError, classifyFailure } from '../session/aws-error.ts';
import type { AwsSession, OpenSession } from '../session/session.ts';
import {
  excessOfExecutionRole,
  excessOfLauncher,
  deadManRolePermissions,
  executionRolePermissions,
  launcherPermissions,
  type Launcher,
  type RequiredPermission,
} from './required-permissions.ts';
import { probePermission } from './probe-permission.ts';
import { trustIn } from './role-trust.ts';
import { simulate } from './simulate.ts';
import { assertTakesSecrets } from '../batch/queue.ts';
import { sdk } from '../session/sdk.ts';

const EXECUTION_PERMISSIONS = 'execution role permissions';
const DEAD_MAN_PERMISSIONS = "dead man's role permissions";
const LAUNCHER_PERMISSIONS = 'launcher permissions';

/**
 * Checks with AWS what a compute environment needs: valid credentials of the right account, a queue whose jobs can
 * receive secrets, an execution role that ECS can assume, and every required action. Actions are simulated where that
 * is permitted, otherwise probed with requests that change nothing. Never throws: a check that cannot be carried out
 * is reported as failed.
 */
export async function checkAws(
  settings: AwsSettings,
  open: OpenSession,
  launcher: Launcher,
): Promise<DoctorCheck[]> {
  let session: AwsSession;
  try {
    session = await open(accessOf(settings));
  } catch (error) {
    return [failed('credentials', error)];
  }
  return [
    ok('credentials', `${session.identity.arn}, account ${session.identity.account}`),
    await attempt('job queue', async () => {
      await assertTakesSecrets(session, settings);
      return ok('job queue', `${settings.queue} in ${settings.region} accepts jobs with secrets`);
    }),
    await attempt(EXECUTION.name, () => checkTrust(session, settings.executionRole, EXECUTION)),
    ...(await checkExecutionRole(session, settings, launcher).catch((error: unknown) => [
      failed(EXECUTION_PERMISSIONS, error),
    ])),
    ...(await checkDeadMan(session, settings, launcher)),
    ...(await checkLauncher(session, settings, launcher)),
  ];
}

/** A role, the service that assumes it, and the option that names it. */
interface Trusted {
  readonly name: string;
  readonly service: string;
  readonly title: string;
  readonly option: string;
  /** Names the file with its trust policy: secrets-trust-<holder>.json. */
  readonly holder: string;
}

const EXECUTION: Trusted = {
  name: 'execution role',
  service: 'ecs-tasks.amazonaws.com',
  title: 'ECS',
  option: '--execution-role',
  holder: 'execution-role',
};
const DEAD_MAN: Trusted = {
  name: "dead man's role",
  service: 'scheduler.amazonaws.com',
  title: 'EventBridge Scheduler',
  option: '--dead-man-role',
  holder: 'dead-man-role',
};

/** Checks that the service can assume the role, and only for this account. */
async function checkTrust(
  session: AwsSession,
  role: string,
  { name, service, title, option, holder }: Trusted,
): Promise<DoctorCheck> {
  const { GetRoleCommand } = await sdk('@aws-sdk/client-iam');
  const iam = await session.iam();
  try {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: role.split('/').at(-1) ?? '' }));
    const document = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    const trust = trustIn(document, service, session.access.account);
    const remedy = `Set its trust policy to secrets-trust-${holder}.json, which nf-escrow iam render writes.`;
    if (trust === 'none')
      return {
        name,
        state: 'failure',
        found: `${role} does not trust ${service}, so ${title} cannot assume it`,
        remedy,
      };
    if (trust === 'any-account')
      return {
        name,
        state: 'warning',
        found: `${role} trusts ${service} for any account: its trust policy has no aws:SourceAccount condition`,
        remedy,
      };
    return ok(name, `${title} can assume ${role} for this account`);
  } catch (error) {
    if (classifyFailure(error) === 'not-found')
      return {
        name,
        state: 'failure',
        found: `role ${role} not found`,
        remedy: `Create it (docs/aws-batch.md), or set another: nf-escrow compute-envs update NAME ${option} ARN`,
      };
    throw asAwsError(`Cannot describe role ${role}`, session.access, error);
  } finally {
    iam.destroy();
  }
}

/** Returns no checks where the environment has no dead man's switch. */
async function checkDeadMan(
  session: AwsSession,
  settings: AwsSettings,
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

async function checkExecutionRole(
  session: AwsSession,
  settings: AwsSettings,
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

async function checkLauncher(
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
      found: `unknown: ${actions(of('unknown'))}; no request that changes nothing can check them`,
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

/** Returns undefined where AWS does not permit the simulation. */
function missingOf(
  needs: readonly RequiredPermission[],
  permitted: ReadonlySet<RequiredPermission> | undefined,
): RequiredPermission[] | undefined {
  return permitted === undefined ? undefined : needs.filter((need) => !permitted.has(need));
}

/**
 * Returns the role of a role session: it decides what the session may do. A session's ARN omits the role's path, if
 * any.
 */
function principalOf(arn: string): string {
  return arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');
}

async function attempt(name: string, check: () => Promise<DoctorCheck>): Promise<DoctorCheck> {
  try {
    return await check();
  } catch (error) {
    return failed(name, error);
  }
}

function ok(name: string, found: string): DoctorCheck {
  return { name, state: 'ok', found, remedy: null };
}

function failed(name: string, error: unknown): DoctorCheck {
  const known: EscrowError = asEscrowError(error);
  return { name, state: 'failure', found: known.message, remedy: known.hint };
}

function lacking(
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

function actions(needs: readonly RequiredPermission[]): string {
  return [...new Set(needs.map(({ action }) => action))].join(', ');
}
