import { ownAccount } from '../system/processes/own-account.ts';

/**
 * Who makes a request. A daemon has one principal, its user, who owns all its objects. Only that user (and root) can
 * connect to the daemon's socket, because its directory has mode 0700.
 */
export interface Principal {
  readonly user: string;
  readonly uid: number;
}

/** Returns the user that runs this process. */
export function machineUser(): Principal {
  const { username, uid } = ownAccount();
  return Object.freeze({ user: username, uid });
}
