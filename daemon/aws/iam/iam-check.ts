import type { AwsSettings, DoctorCheck } from '../../contract/types.ts';
import { asEscrowError, EscrowError } from '../../errors.ts';
import { accessOf } from '../session/access.ts';
import { asAwsError, classifyFailure } from '../session/aws-error.ts';
import type { AwsSession, OpenSession } from '../session/session.ts';
import {
  deadManRolePermissions,
  executionRolePermissions,
  launcherPermissions,
  viaSecretsManager,
  type RequiredPermission,
} from './required-permissions.ts';
import { probePermission } from './probe-permission.ts';
import { assertTakesSecrets } from '../batch/queue.ts';
import { sdk } from '../session/sdk.ts';

const MAY_READ = 'execution role may';
const RENDER = 'nf-escrow iam render writes the policies; attach that of';

/**
 * Asks AWS what a compute environment needs: valid credentials of the right account, a queue that takes secrets, an
 * execution role that ECS can take, and each action, by simulation where that is permitted, else by probes that change
 * nothing. Never throws: what cannot be asked is a check of its own.
 */
export async function checkAws(settings: AwsSettings, open: OpenSession): Promise<DoctorCheck[]> {
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
      return ok('job queue', `${settings.queue} in ${settings.region} takes jobs with secrets`);
    }),
    await attempt(EXECUTION.name, () => checkTrust(session, settings.executionRole, EXECUTION)),
    ...(await checkExecutionRole(session, settings).catch((error: unknown) => [failed(MAY_READ, error)])),
    ...(await checkDeadMan(session, settings)),
    ...(await checkLauncher(session, settings)),
  ];
}

/** Which service takes a role, and which option names it. */
interface Trusted {
  readonly name: string;
  readonly service: string;
  readonly title: string;
  readonly option: string;
}

const EXECUTION: Trusted = {
  name: 'execution role',
  service: 'ecs-tasks.amazonaws.com',
  title: 'ECS',
  option: '--execution-role',
};
const DEAD_MAN: Trusted = {
  name: "dead man's role",
  service: 'scheduler.amazonaws.com',
  title: 'EventBridge Scheduler',
  option: '--dead-man-role',
};

/** The service has to be able to take the role. */
async function checkTrust(
  session: AwsSession,
  role: string,
  { name, service, title, option }: Trusted,
): Promise<DoctorCheck> {
  const { GetRoleCommand } = sdk('@aws-sdk/client-iam');
  const iam = await session.iam();
  try {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: role.split('/').at(-1) ?? '' }));
    const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    if (trust.includes(service)) return ok(name, `${role}; ${title} may take it`);
    return {
      name,
      state: 'failure',
      found: `${role} does not trust ${service}, so that ${title} cannot take it`,
      remedy: `Add {"Effect":"Allow","Principal":{"Service":"${service}"},"Action":"sts:AssumeRole"} to its trust policy.`,
    };
  } catch (error) {
    if (classifyFailure(error) === 'not-found')
      return {
        name,
        state: 'failure',
        found: `there is no role ${role}`,
        remedy: `Make it (docs/aws-batch.md), or name another: nf-escrow compute-envs update NAME ${option} ARN`,
      };
    throw asAwsError(`${role} cannot be looked at`, session.access, error);
  } finally {
    iam.destroy();
  }
}

/** Nothing where there is no switch. */
async function checkDeadMan(session: AwsSession, settings: AwsSettings): Promise<DoctorCheck[]> {
  const { deadMan, deadManRole } = settings;
  if (deadMan !== true || deadManRole === undefined) return [];
  const may = "dead man's role may";
  const look = async (): Promise<DoctorCheck[]> => {
    const missing = await simulate(session, deadManRole, deadManRolePermissions(settings));
    if (missing === undefined)
      return [
        {
          name: may,
          state: 'warning',
          found: "AWS does not let us ask what the dead man's role may (iam:SimulatePrincipalPolicy)",
          remedy: 'Compare its policy with that of nf-escrow iam render --dead-man-role-name NAME.',
        },
      ];
    if (missing.length === 0) return [ok(may, 'delete the secrets of runs')];
    return lacking(may, deadManRole, missing, 'dead-man-role');
  };
  return [
    await attempt(DEAD_MAN.name, () => checkTrust(session, deadManRole, DEAD_MAN)),
    ...(await look().catch((error: unknown) => [failed(may, error)])),
  ];
}

async function checkExecutionRole(session: AwsSession, settings: AwsSettings): Promise<DoctorCheck[]> {
  const missing = await simulate(session, settings.executionRole, executionRolePermissions(settings));
  if (missing === undefined)
    return [
      {
        name: MAY_READ,
        state: 'warning',
        found: 'AWS does not let us ask what the execution role may (iam:SimulatePrincipalPolicy)',
        remedy:
          'A run with a secret shows it: the task fails with ResourceInitializationError where the role may not read it.',
      },
    ];
  if (missing.length === 0) return [ok(MAY_READ, 'read the secrets of runs')];
  return lacking(MAY_READ, settings.executionRole, missing, 'execution-role');
}

async function checkLauncher(session: AwsSession, settings: AwsSettings): Promise<DoctorCheck[]> {
  const needs = launcherPermissions(settings);
  const { arn } = session.identity;
  const missing = arn.endsWith(':root')
    ? []
    : await simulate(session, principalOf(arn), needs).catch(() => undefined);
  const results =
    missing === undefined
      ? await Promise.all(
          needs.map(async (need) => ({
            need,
            result: await probePermission(session, settings, need.action),
          })),
        )
      : needs.map((need) => ({
          need,
          result: missing.includes(need) ? ('denied' as const) : ('allowed' as const),
        }));
  const of = (wanted: string): RequiredPermission[] =>
    results.filter(({ result }) => result === wanted).map(({ need }) => need);
  const how = missing === undefined ? 'asked by probes that change nothing' : 'by simulation';
  const checks: DoctorCheck[] = [];
  if (of('allowed').length > 0) checks.push(ok('launcher may', `${actions(of('allowed'))} (${how})`));
  if (of('denied').length > 0) checks.push(...lacking('launcher may', arn, of('denied'), 'account'));
  if (of('unknown').length > 0)
    checks.push({
      name: 'launcher may',
      state: 'warning',
      found: `not known: ${actions(of('unknown'))}; nothing that changes nothing tells it`,
      remedy:
        'Permit iam:SimulatePrincipalPolicy on yourself to have it told, or run a pipeline with a secret.',
    });
  return checks;
}

/** Which are not permitted; undefined where AWS does not let us ask. */
async function simulate(
  session: AwsSession,
  principal: string,
  needs: readonly RequiredPermission[],
): Promise<RequiredPermission[] | undefined> {
  const { SimulatePrincipalPolicyCommand } = sdk('@aws-sdk/client-iam');
  const iam = await session.iam();
  try {
    const missing: RequiredPermission[] = [];
    for (const need of needs) {
      const { EvaluationResults } = await iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: principal,
          ActionNames: [need.action],
          ResourceArns: [need.resource],
          ContextEntries: [
            {
              ContextKeyName: 'aws:ResourceTag/nf-escrow:run',
              ContextKeyType: 'string',
              ContextKeyValues: ['r1'],
            },
            {
              ContextKeyName: 'iam:PassedToService',
              ContextKeyType: 'string',
              ContextKeyValues: [need.passedTo ?? 'ecs-tasks.amazonaws.com'],
            },
            {
              ContextKeyName: 'kms:ViaService',
              ContextKeyType: 'string',
              ContextKeyValues: [viaSecretsManager(session.access.region)],
            },
          ],
        }),
      );
      if (EvaluationResults?.[0]?.EvalDecision !== 'allowed') missing.push(need);
    }
    return missing;
  } catch (error) {
    if (['denied', 'refused', 'not-found', 'unanswered'].includes(classifyFailure(error))) return undefined;
    throw asAwsError(`What ${principal} may cannot be asked`, session.access, error);
  } finally {
    iam.destroy();
  }
}

/** A session of a role is permitted what the role is. Its path is not in the session's ARN; most have none. */
function principalOf(arn: string): string {
  return arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3');
}

async function attempt(name: string, look: () => Promise<DoctorCheck>): Promise<DoctorCheck> {
  try {
    return await look();
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
    needs.map(({ action, resource }) => `${action} on ${resource}`).join(', ');
  const checks: DoctorCheck[] = [];
  if (others.length > 0)
    checks.push({
      name,
      state: 'failure',
      found: `${who} may not ${listed(others)}`,
      remedy: `${RENDER} ${holder} to ${who}.`,
    });
  // A key has a policy of its own, which permits as well, and is not simulated.
  if (ofKey.length > 0)
    checks.push({
      name,
      state: 'warning',
      found: `the policies of ${who} do not permit ${listed(ofKey)}`,
      remedy: `Where the key's own policy does not permit it either: nf-escrow iam render --kms-key ARN writes the policies; attach that of ${holder} to ${who}.`,
    });
  return checks;
}

function actions(needs: readonly RequiredPermission[]): string {
  return [...new Set(needs.map(({ action }) => action))].join(', ');
}
