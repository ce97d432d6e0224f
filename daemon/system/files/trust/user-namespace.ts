import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { EscrowError } from '../../../errors.ts';

/** Who owns something, as far as trust is concerned. */
export type OwnerKind = 'user' | 'root' | 'other';

/** The user ids that a process sees as they are: user_namespaces(7). */
export interface UserNamespace {
  /** The user of this process. */
  readonly user: number;
  /** Every id is mapped, as outside of all user namespaces: each number then means one user. */
  readonly isWhole: boolean;
  readonly isMapped: (uid: number) => boolean;
  /** What the kernel shows instead of an id that is not mapped. */
  readonly overflow: number;
}

/** Directories below the first level that only root makes, on the way to what users own. */
const MADE_BY_ROOT = ['/run/user', '/var/tmp', '/var/lib', '/var/run'];
const ALL_IDS = 4_294_967_295;

let known: UserNamespace | undefined;

/** The namespace of this process; it cannot change while a process has more than one thread. */
export function ownNamespace(): UserNamespace {
  return (known ??= parseIdMap(
    readFileSync('/proc/self/uid_map', 'latin1'),
    Number(readFileSync('/proc/sys/kernel/overflowuid', 'latin1')),
    process.geteuid?.() ?? -1,
  ));
}

/** Reads lines of `inside outside count`. */
export function parseIdMap(text: string, overflow: number, user: number): UserNamespace {
  const ranges = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((fields) => fields.length === 3);
  const isMapped = (uid: number): boolean =>
    ranges.some(([first = 0, , count = 0]) => uid >= first && uid < first + count);
  const isWhole = ranges.some(([first, outside, count]) => first === 0 && outside === 0 && count === ALL_IDS);
  return { user, isWhole, isMapped, overflow };
}

/**
 * Tells the user's own and root's from everybody else's. In a user namespace that does not map root (a container without
 * privileges, bubblewrap), root is shown by the overflow id, and so is every other user of the host: there, that id counts
 * as root's for those directories alone that nobody but root makes. Throws `permissions-too-open` where the user is not mapped
 * either, so that everybody's files would look like theirs.
 */
export function ownerKind(uid: number, path: string, namespace = ownNamespace()): OwnerKind {
  const { user, isWhole, isMapped, overflow } = namespace;
  if (!isMapped(user))
    throw new EscrowError(
      'permissions-too-open',
      `Cannot tell whose "${path}" is: this user namespace does not map your user id.`,
      {
        hint: 'Map your user id into the namespace (unshare --map-current-user), or run nf-escrow outside of it.',
      },
    );
  if (!isWhole && uid === overflow && user !== overflow) return isMadeByRoot(path) ? 'root' : 'other';
  if (uid === user) return 'user';
  return uid === 0 ? 'root' : 'other';
}

/** The root directory, what lies directly in it, and what leads to the home that the system's account data name. */
function isMadeByRoot(path: string): boolean {
  if (path === '/' || dirname(path) === '/' || MADE_BY_ROOT.includes(path)) return true;
  try {
    return userInfo().homedir.startsWith(`${path}/`);
  } catch {
    return false; // no account of that id: no home to lead to
  }
}
