import { userInfo } from 'node:os';

/**
 * Who asks. On one machine there is one principal: the user whose daemon it is, who owns everything in it. Whoever can
 * open the daemon's socket is that user, since its directory is theirs alone.
 */
export interface Principal {
  readonly user: string;
  readonly uid: number;
}

/** The user that this process runs as. */
export function machineUser(): Principal {
  const { username, uid } = userInfo();
  return Object.freeze({ user: username, uid });
}
