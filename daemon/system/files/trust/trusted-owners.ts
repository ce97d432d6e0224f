import { userOf } from './local-accounts.ts';
import { outputOf } from './system-program.ts';
import { ownerKind, ownNamespace } from './user-namespace.ts';

/**
 * Accounts besides the user and root that may own and write to what a run executes, such as the account that installs the
 * software of a cluster. They are accepted only where a caller passes them: never for nf-escrow's own state, configuration,
 * sockets, run directories or plugins.
 */
export interface TrustedOwners {
  readonly has: (uid: number) => boolean;
}

/** Nobody besides the user and root. */
export const userAndRoot: TrustedOwners = { has: () => false };

const LOOKUP_MS = 5000;

/**
 * Returns the accounts with these names or numeric ids. Names are looked up when they are first needed: in /etc/passwd, else
 * with getent, which also asks a directory service. A name without an account trusts nobody. The overflow id (`nobody`)
 * never counts, because file systems show it for many users.
 */
export function trustedOwners(accounts: readonly string[]): TrustedOwners {
  let uids: ReadonlySet<number> | undefined;
  if (accounts.length === 0) return userAndRoot;
  return {
    has: (uid) => {
      uids ??= new Set(accounts.flatMap((account) => uidOf(account) ?? []));
      return uids.has(uid) && uid !== ownNamespace().overflow;
    },
  };
}

/** Returns whether an owner is neither the user, nor root, nor trusted. */
export function isForeign(uid: number, path: string, owners: TrustedOwners): boolean {
  return ownerKind(uid, path) === 'other' && !owners.has(uid);
}

function uidOf(account: string): number | undefined {
  if (/^[0-9]+$/.test(account)) return Number(account);
  return userOf(account) ?? askDirectoryService(account);
}

/** Returns undefined if there is no such account, or no getent: the files are then reported as belonging to someone else. */
function askDirectoryService(name: string): number | undefined {
  const [, , uid] = outputOf('getent', ['passwd', '--', name], { limitMs: LOOKUP_MS })?.split(':') ?? [];
  return uid !== undefined && /^[0-9]+$/.test(uid) ? Number(uid) : undefined;
}
