import { ownAccount } from '../../system/processes/own-account.ts';

/**
 * Returns the name that the audit log has for whoever runs a command on the machine of the server. Its prefix distinguishes it from
 * users of the server, whose names contain no colon.
 */
export function operatorName(): string {
  return `operator:${ownAccount().username}`;
}
