import { userInfo } from 'node:os';

/** The account of the user that runs this process. */
export interface OwnAccount {
  /** The login name, or the user id if the user has no entry in the account database. */
  readonly username: string;
  readonly uid: number;
  /** Undefined if the user has no entry in the account database. */
  readonly home: string | undefined;
}

/** Returns the account of this process. Containers and clusters run processes with user ids that have no entry. */
export function ownAccount(): OwnAccount {
  try {
    const { username, uid, homedir: home } = userInfo();
    return { username, uid, home: home === '' ? undefined : home };
  } catch {
    const uid = process.geteuid?.() ?? -1;
    return { username: String(uid), uid, home: undefined };
  }
}

/** Returns the home as HOME names it, else that of the account. os.homedir() returns an empty HOME, which join makes relative. */
export function homeDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env['HOME'] || (ownAccount().home ?? '/');
}
