import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EscrowError } from '../../../errors.ts';
import { ownAccount } from '../../processes/own-account.ts';

/** The kinds of owners that trust distinguishes. */
export type OwnerKind = 'user' | 'root' | 'other';

/** The mapping of user ids in a user namespace: user_namespaces(7). */
export interface UserNamespace {
  /** The user of this process. */
  readonly user: number;
  /** Whether every id is mapped, as in the initial namespace: then each number is one user. */
  readonly isWhole: boolean;
  readonly isMapped: (uid: number) => boolean;
  /** The id that the kernel shows for every unmapped id. */
  readonly overflow: number;
}

/** Directories below the first level that only root creates and that contain directories of users. */
const MADE_BY_ROOT = ['/run/user', '/var/tmp', '/var/lib', '/var/run'];
const ALL_IDS = 4_294_967_295;

let known: UserNamespace | undefined;

/** Returns the namespace of this process, which cannot change while the process has several threads. */
export function ownNamespace(): UserNamespace {
  return (known ??= parseIdMap(
    readFileSync('/proc/self/uid_map', 'latin1'),
    Number(readFileSync('/proc/sys/kernel/overflowuid', 'latin1')),
    process.geteuid?.() ?? -1,
  ));
}

/** Parses the lines `inside outside count` of /proc/PID/uid_map. */
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
 * Returns whether an owner is the user, root or someone else. In a user namespace that does not map root (an unprivileged
 * container, bubblewrap), the overflow id stands for root and for every other user of the host. There, it counts as root
 * only for directories that only root creates. Throws `permissions-too-open` when the user is unmapped as well: then
 * everybody's files would appear to be the user's.
 */
export function ownerKind(uid: number, path: string, namespace = ownNamespace()): OwnerKind {
  const { user, isWhole, isMapped, overflow } = namespace;
  if (!isMapped(user))
    throw new EscrowError(
      'permissions-too-open',
      `Cannot determine the owner of "${path}": this user namespace does not map your user id.`,
      {
        hint: 'Map your user id into the namespace (unshare --map-current-user), or run nf-escrow outside of it.',
      },
    );
  if (!isWhole && uid === overflow && user !== overflow) return isMadeByRoot(path) ? 'root' : 'other';
  if (uid === user) return 'user';
  return uid === 0 ? 'root' : 'other';
}

/** Returns true for the root directory, its direct entries, and the parents of the home in the system's account data. */
function isMadeByRoot(path: string): boolean {
  if (path === '/' || dirname(path) === '/' || MADE_BY_ROOT.includes(path)) return true;
  return ownAccount().home?.startsWith(`${path}/`) === true;
}
