import { ownAccount } from '../../system/processes/own-account.ts';

/**
 * Returns the name in the audit log of the account that runs a command on the host of the server. Its prefix distinguishes it
 * from users of the server, whose names contain no colon.
 */
export function operatorName(): string {
  return `operator:${ownAccount().username}`;
}
