import type { Role } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Principal } from './principal.ts';

/** An action in a workspace. */
export type Action = 'see' | 'launch' | 'change-secrets' | 'administer' | 'delete-workspace';

/** The roles that may perform each action. The only place that grants anything to a role. */
export const policy: Readonly<Record<Action, readonly Role[]>> = {
  see: ['owner', 'admin', 'maintain', 'launch', 'view'],
  launch: ['owner', 'admin', 'maintain', 'launch'],
  'change-secrets': ['owner', 'admin', 'maintain'],
  administer: ['owner', 'admin'],
  'delete-workspace': ['owner'],
};

/** Returns a principal's role in a workspace. The daemon's user owns every workspace. */
export function roleOf(_principal: Principal): Role {
  return 'owner';
}

/** Throws `not-permitted` unless the role allows the action. `what` names the workspace in the message. */
export function assertMay(role: Role, action: Action, what: string): void {
  if (policy[action].includes(role)) return;
  throw new EscrowError(
    'not-permitted',
    `Action ${action} denied in workspace ${what}: your role is ${role}.`,
    { hint: `Ask an owner or admin for one of these roles: ${policy[action].join(', ')}.` },
  );
}
