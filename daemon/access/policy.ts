import type { Role } from '../contract/types.ts';
import { EscrowError } from '../errors.ts';
import type { Principal } from './principal.ts';

/** What can be done in a workspace. */
export type Action = 'see' | 'launch' | 'change-secrets' | 'administer' | 'delete-workspace';

/** Who may do what: contract.md, "Roles". The only place where a role decides anything. */
export const policy: Readonly<Record<Action, readonly Role[]>> = {
  see: ['owner', 'admin', 'maintain', 'launch', 'view'],
  launch: ['owner', 'admin', 'maintain', 'launch'],
  'change-secrets': ['owner', 'admin', 'maintain'],
  administer: ['owner', 'admin'],
  'delete-workspace': ['owner'],
};

/** What someone is in a workspace. On one machine its user owns everything. */
export function roleOf(_principal: Principal): Role {
  return 'owner';
}

/** Throws `not-permitted` unless a role allows an action; `what` names the object for the message. */
export function assertMay(role: Role, action: Action, what: string): void {
  if (policy[action].includes(role)) return;
  throw new EscrowError('not-permitted', `As ${role} of ${what} you may not ${action.replace('-', ' ')}.`, {
    hint: `That takes the role ${policy[action].join(', ')}.`,
  });
}
