import type { DoctorCheck } from '../../contract/types.ts';
import { asAwsError, classifyFailure } from '../session/aws-error.ts';
import { sdk } from '../session/sdk.ts';
import type { AwsSession } from '../session/session.ts';
import { ok } from './report.ts';
import { trustIn } from './role-trust.ts';

/** A role, the service that assumes it, and the option that names it. */
export interface Trusted {
  readonly name: string;
  readonly service: string;
  readonly title: string;
  readonly option: string;
  /** Names the file with its trust policy: secrets-trust-<holder>.json. */
  readonly holder: string;
}

export const EXECUTION: Trusted = {
  name: 'execution role',
  service: 'ecs-tasks.amazonaws.com',
  title: 'ECS',
  option: '--execution-role',
  holder: 'execution-role',
};
export const DEAD_MAN: Trusted = {
  name: "dead man's role",
  service: 'scheduler.amazonaws.com',
  title: 'EventBridge Scheduler',
  option: '--dead-man-role',
  holder: 'dead-man-role',
};

/** Checks that the service can assume the role, and only for this account. */
export async function checkTrust(
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
